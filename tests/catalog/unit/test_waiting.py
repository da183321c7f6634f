"""Orders that come before their products, through the whole table."""

from datetime import timedelta

from services.catalog.handlers import TABLE
from services.catalog.repository import PRODUCT, RESERVATION
from shared.contracts.catalog import ReservationStatus
from shared.contracts.envelope import Envelope
from shared.contracts.order_state import LineState
from shared.contracts.orders import OrderPlaced
from tests.catalog.builders import SETTINGS, a_line, a_submission, an_order
from tests.support.memory import T0, MemoryRuntime, event_envelope


def a_catalog() -> MemoryRuntime:
    return MemoryRuntime("catalog", TABLE, [PRODUCT, RESERVATION], SETTINGS)


def told(sequence: int, *lines: LineState) -> Envelope:
    return event_envelope(OrderPlaced(order=an_order(*lines)), "o1", sequence)


def test_a_product_that_a_person_registers_wakes_the_orders_that_wait_for_it() -> None:
    catalog = a_catalog()
    catalog.deliver(told(1, a_line()), told(2, a_line()))
    assert len(catalog.held) == 2
    catalog.command(a_submission(), "tee")
    assert catalog.event_types == ["ProductRegistered", "StockReserved", "StockChanged"]
    assert not catalog.held


def test_an_order_waits_for_its_second_unknown_product_next() -> None:
    catalog = a_catalog()
    catalog.deliver(told(1, a_line("1", "tee"), a_line("2", "mug")))
    catalog.deliver(a_submission("tee"))
    assert [held.waits_for for held in catalog.held.values()] == [("product", "mug")]
    catalog.deliver(a_submission("mug"))
    assert catalog.event_types.count("StockReserved") == 1


def test_after_ten_minutes_the_order_is_told_that_the_product_is_unknown() -> None:
    catalog = a_catalog()
    catalog.deliver(a_submission("tee"), told(1, a_line("1", "tee"), a_line("2", "mug")))
    catalog.expire(at=T0 + timedelta(minutes=9))
    assert catalog.event_types == ["ProductRegistered"]
    catalog.expire(at=T0 + timedelta(minutes=10))
    assert catalog.event_types == ["ProductRegistered", "StockRejected"]
    catalog.deliver(a_submission("mug"), told(2, a_line("1", "tee"), a_line("2", "mug")))
    state = catalog.state(RESERVATION, "o1")
    assert state is not None
    assert state.status is ReservationStatus.REJECTED
    assert catalog.event_types.count("StockReserved") == 0


def test_a_cancel_that_comes_while_the_order_waits_ends_the_wait_without_a_rejection() -> None:
    catalog = a_catalog()
    catalog.deliver(told(1, a_line()))
    catalog.deliver(told(2, a_line(cancelled=1)))
    catalog.expire(at=T0 + timedelta(minutes=10))
    catalog.deliver(a_submission())
    assert catalog.event_types == ["ProductRegistered"]
    assert not catalog.held
    assert not catalog.parked
