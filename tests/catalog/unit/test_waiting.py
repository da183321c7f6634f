"""Orders that come before their products, through the whole table."""

from datetime import timedelta

from services.catalog.domain.editing import submit
from services.catalog.domain.product import LastCount, Shift
from services.catalog.handlers import TABLE
from services.catalog.repository import PRODUCT, RESERVATION
from shared.contracts.catalog import ReservationStatus
from shared.contracts.envelope import Envelope
from shared.contracts.inbox_catalog import StockCounted
from shared.contracts.order_state import LineState
from shared.contracts.orders import OrderPlaced
from tests.catalog.builders import SETTINGS, a_context, a_line, a_product, a_submission, an_order, shelf
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


def test_an_option_that_is_added_wakes_orders_and_counts_and_a_sale_wakes_none() -> None:
    catalog = a_catalog()
    catalog.deliver(a_submission(stock={"s": 1}), told(1, a_line(option_id="xl")))
    catalog.deliver(StockCounted(product_id="tee", option_id="xl", on_hand=7, counted_at=T0))
    catalog.deliver(event_envelope(OrderPlaced(order=an_order(a_line(option_id="s"), order_id="o2")), "o2", 1))
    assert catalog.event_types == ["ProductRegistered", "StockReserved", "StockChanged", "ProductSoldOut"]
    assert len(catalog.held) == 2
    catalog.deliver(a_submission(stock={"s": 1, "xl": 3}))
    assert not catalog.held
    tee = catalog.state(PRODUCT, "tee")
    assert tee is not None
    assert [shelf(tee, id) for id in ("s", "xl")] == [(1, 1), (7, 1)]


def test_stock_that_moves_wakes_nothing_that_waits_for_its_product() -> None:
    tee = a_product(stock=5)
    edited = submit(tee, a_submission(name="Tee"), a_context("m2")).state
    assert PRODUCT.wakes(None, tee)
    assert PRODUCT.wakes(tee, edited)
    assert not PRODUCT.wakes(tee, tee.shifted({"default": Shift(reserved=1)}))
    assert not PRODUCT.wakes(tee, tee.counted("default", LastCount(on_hand=9, at=T0)))


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
