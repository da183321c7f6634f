"""As a producer: every event that catalog publishes is the golden example of its type."""

from datetime import UTC, datetime, timedelta

import pytest

from services.catalog.commands import EditProduct, ProductChanges, RemoveProduct
from services.catalog.handlers import TABLE
from services.catalog.repository import PRODUCT, RESERVATION
from shared.contracts.base import Message
from shared.contracts.catalog import EVENTS
from shared.contracts.envelope import Envelope
from shared.contracts.order_state import LineState, Reason
from shared.contracts.orders import OrderCancelled, OrderPlaced
from tests.catalog.builders import SETTINGS, a_line, a_submission, an_order, won
from tests.support.golden import assert_golden, golden
from tests.support.memory import MemoryRuntime, event_envelope, message_envelope

KNIT = "prd_0198d2c4e0a07b6e9f1c5a2b3c4d5e01"
BEANIE = "prd_0198d2c4e0a17d3f8a2b6c7d8e9f0a12"
ORDER = "ord_0198d2c5f3a17c2d8e4f6a7b8c9d0e12"
BIG_ORDER = "ord_0198d2c6a1b27e3f8c4d5e6f7a8b9c01"
LATE_ORDER = "ord_0198d2c7b2c37f4a8d5e6f7a8b9c0d02"
NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


def navy_m(units: int, **counters: int) -> LineState:
    return a_line("1", KNIT, units, option_id="navy-m", name="메리노 울 크루넥 니트", **counters)


def beanie(units: int) -> LineState:
    return a_line("2", BEANIE, units, name="캐시미어 비니")


def placed(order_id: str, *lines: LineState) -> Envelope:
    return event_envelope(OrderPlaced(order=an_order(*lines, order_id=order_id)), order_id, 1, time=NOON)


def cancelled(order_id: str, *lines: LineState) -> Envelope:
    order = an_order(*lines, order_id=order_id)
    event = OrderCancelled(order=order, lines=(), reason=Reason.INTENT_CHANGED)
    return event_envelope(event, order_id, 2, time=NOON + timedelta(hours=1))


@pytest.fixture(scope="module")
def catalog() -> MemoryRuntime:
    """A knit and a beanie, edited and ordered until one is sold out, released again and at last removed."""
    shop = MemoryRuntime("catalog", TABLE, [PRODUCT, RESERVATION], SETTINGS)
    shop.deliver(golden("catalog.ProductSubmitted.v1"))
    hat = a_submission(BEANIE, name="캐시미어 비니", list_price=won(32000), stock=1)
    shop.deliver(message_envelope(hat, source="/products"))
    softer = ProductChanges(description="Extra-fine merino wool, now softer.", list_price=won(57000))
    shop.command(EditProduct(product_id=KNIT, changes=softer), KNIT, if_match=0, at=NOON - timedelta(hours=1))
    shop.deliver(placed(ORDER, navy_m(3), beanie(1)))
    shop.deliver(placed(BIG_ORDER, navy_m(9)))
    shop.deliver(placed(LATE_ORDER, navy_m(1), beanie(1)))
    shop.deliver(cancelled(BIG_ORDER, navy_m(9, cancelled=9)))
    shop.command(RemoveProduct(product_id=KNIT), KNIT, if_match=1, at=NOON + timedelta(hours=2))
    return shop


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_a_published_event_is_its_golden(event: type[Message], catalog: MemoryRuntime) -> None:
    told = [envelope for envelope in catalog.events if envelope.subject != BEANIE]
    assert_golden(next(envelope for envelope in told if envelope.type == event.wire_type()))


def test_each_product_tells_its_events_in_sequence(catalog: MemoryRuntime) -> None:
    told = [envelope for envelope in catalog.events if envelope.subject == KNIT]
    assert [envelope.sequence for envelope in told] == list(range(1, len(told) + 1))
    assert [envelope.type.split(".")[1] for envelope in told] == [
        "ProductRegistered",
        "ProductUpdated",
        "StockChanged",
        "StockChanged",
        "ProductSoldOut",
        "StockChanged",
        "ProductRestocked",
        "ProductRemoved",
    ]
