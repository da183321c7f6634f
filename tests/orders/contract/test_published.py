"""As a producer: every event that orders publishes is the golden example of its type."""

from datetime import timedelta

import pytest

from services.orders.commands import (
    ChangeRecipient,
    ConfirmOrder,
    ConvertToReturn,
    DecidePurchase,
    HoldClaim,
    ReleaseClaim,
    RetryRefund,
)
from services.orders.handlers import TABLE
from services.orders.repository import CLIENT_ORDER, ORDER
from services.orders.settings import Settings
from shared.contracts import orders
from shared.contracts.base import Money
from shared.contracts.catalog import StockReserved
from shared.contracts.envelope import Envelope
from shared.contracts.inbox_orders import (
    ClaimDecided,
    ClaimDecision,
    ClaimPart,
    ClaimSubmitted,
    DispatchDelayRequested,
    GoodwillLine,
    OrdersMessage,
    ParcelCollected,
    PaymentCaptured,
    PaymentDeclined,
    PickupStarted,
    Recipient,
    RefundDeclined,
    RefundPaid,
    RefundSubmitted,
    ShipmentDelivered,
    ShipmentHandedOver,
    TrackingChanged,
)
from shared.contracts.order_state import ClaimType, DelayReason, HoldReason, LineUnits, Reason
from shared.runtime.personal import ERASED
from tests.orders.given import reserved
from tests.support.golden import assert_golden, golden
from tests.support.memory import MemoryRuntime, event_envelope, message_envelope

PLACED = golden("orders.OrderSubmitted.v1")
ID = PLACED.subject
DUE = Money(amount=198_000, currency="KRW")
NOTHING = Money(amount=0, currency="KRW")


def part(line_id: str, quantity: int) -> tuple[LineUnits, ...]:
    return (LineUnits(line_id=line_id, quantity=quantity),)


def asked_for(line_id: str, quantity: int, target: str | None = None) -> tuple[ClaimPart, ...]:
    return (ClaimPart(line_id=line_id, quantity=quantity, target_option_id=target),)


def cancel(claim_id: str, quantity: int) -> ClaimSubmitted:
    lines = asked_for("1", quantity)
    return ClaimSubmitted(
        order_id=ID, claim_id=claim_id, type=ClaimType.CANCEL, lines=lines, reason=Reason.COLOR_AND_SIZE
    )


def answered(claim_id: str, decision: ClaimDecision) -> ClaimDecided:
    return ClaimDecided(order_id=ID, claim_id=claim_id, decision=decision)


HAT = ShipmentHandedOver(
    order_id=ID, shipment_id="shp_1", carrier="CJGLS", tracking_no="6891-0420-1101", lines=part("2", 1)
)
ALL = ShipmentHandedOver(order_id=ID, shipment_id="shp_1", carrier="CJGLS", tracking_no="6891-0420-1101")
ALL_THERE = ShipmentDelivered(order_id=ID, shipment_id="shp_1")
SORRY = RefundSubmitted(
    order_id=ID,
    refund_id="rfd_goodwill",
    reason="LATE_PARCEL",
    lines=(GoodwillLine(line_id="2", goods_amount=Money(amount=2_000, currency="KRW")),),
    shipping_amount=NOTHING,
)
PAID = PaymentCaptured(order_id=ID, payment_id="pay_1", amount=DUE, method="card")
FEE = Money(amount=3_000, currency="KRW")
RETURN = ClaimSubmitted(
    order_id=ID, claim_id="clm_4", type=ClaimType.RETURN, lines=asked_for("2", 1), reason=Reason.INTENT_CHANGED
)


def exchange(claim_id: str, target: str) -> ClaimSubmitted:
    lines = asked_for("2", 1, target)
    return ClaimSubmitted(
        order_id=ID, claim_id=claim_id, type=ClaimType.EXCHANGE, lines=lines, reason=Reason.COLOR_AND_SIZE
    )


REDELIVERY = ShipmentHandedOver(
    order_id=ID, shipment_id="shp_2", carrier="CJGLS", tracking_no="6891-0420-1195", claim_id="clm_5"
)
SOMEBODY = Recipient(name="받는 분", phone="000-0000-0000", address="세종대로 1", memo="문 앞")
LATER = DispatchDelayRequested(order_id=ID, ship_by=PLACED.time + timedelta(days=7), reason=DelayReason.PRODUCT_PREPARE)
LIFE: list[tuple[str, OrdersMessage | StockReserved]] = [
    ("/payments", PaymentDeclined(order_id=ID, payment_id="pay_0", amount=DUE, method="card", error_code="CARD_LIMIT")),
    ("/payments", PAID),
    ("buyer:7", ChangeRecipient(order_id=ID, recipient=SOMEBODY)),
    ("seller:local", ConfirmOrder(order_id=ID)),
    ("/marketplace", LATER),
    ("/marketplace", cancel("clm_1", 1)),
    ("seller:local", answered("clm_1", ClaimDecision.REJECTED)),
    ("/marketplace", cancel("clm_2", 1)),
    ("/marketplace", answered("clm_2", ClaimDecision.WITHDRAWN)),
    ("/carrier", HAT),
    ("/carrier", TrackingChanged(order_id=ID, shipment_id="shp_1", carrier="CJGLS", tracking_no="6891-0420-1102")),
    ("/carrier", ShipmentDelivered(order_id=ID, shipment_id="shp_1")),
    ("/marketplace", SORRY),
    ("/payments", RefundDeclined(order_id=ID, refund_id="rfd_goodwill", error_code="ACCOUNT_CLOSED")),
    ("seller:local", RetryRefund(order_id=ID, refund_id="rfd_goodwill")),
    ("/payments", RefundPaid(order_id=ID, refund_id="rfd_goodwill")),
    ("/marketplace", cancel("clm_3", 3)),
    ("seller:local", answered("clm_3", ClaimDecision.APPROVED)),
    ("/marketplace", RETURN),
    ("/carrier", PickupStarted(order_id=ID, claim_id="clm_4", carrier="CJGLS", tracking_no="6891-0420-1190")),
    ("/carrier", ParcelCollected(order_id=ID, claim_id="clm_4")),
    ("seller:local", HoldClaim(order_id=ID, claim_id="clm_4", reason=HoldReason.RETURN_FEE, charge=FEE)),
    ("seller:local", ReleaseClaim(order_id=ID, claim_id="clm_4")),
    ("seller:local", answered("clm_4", ClaimDecision.REJECTED)),
    ("/marketplace", exchange("clm_5", "red")),
    ("/carrier", PickupStarted(order_id=ID, claim_id="clm_5")),
    ("/carrier", ParcelCollected(order_id=ID, claim_id="clm_5")),
    ("catalog", reserved(ID, "clm_5")),
    ("/carrier", REDELIVERY),
    ("/carrier", ShipmentDelivered(order_id=ID, shipment_id="shp_2")),
    ("/marketplace", exchange("clm_6", "green")),
    ("seller:local", ConvertToReturn(order_id=ID, claim_id="clm_6")),
]
"""Two knitwear lines: the pullovers are cancelled after two requests came to nothing. The hat is sent, nearly returned,
exchanged for a red one and, when it is to become a green one, asked back for money."""


def a_desk() -> MemoryRuntime:
    desk = MemoryRuntime("orders", TABLE, [ORDER, CLIENT_ORDER, ERASED], Settings())
    desk.wall = PLACED.time
    desk.deliver(PLACED)
    return desk


def never_paid() -> list[Envelope]:
    desk = a_desk()
    desk.pass_time(PLACED.time + timedelta(days=1))
    return desk.events


def never_sent() -> list[Envelope]:
    desk = a_desk()
    desk.deliver(message_envelope(PAID, source="/payments", time=PLACED.time))
    desk.deliver(message_envelope(LATER, source="/marketplace", time=PLACED.time + timedelta(minutes=1)))
    desk.pass_time(LATER.ship_by)
    return desk.events


def kept() -> list[Envelope]:
    desk = a_desk()
    for minutes, (source, message) in enumerate((("/payments", PAID), ("/carrier", ALL), ("/carrier", ALL_THERE))):
        desk.deliver(message_envelope(message, source=source, time=PLACED.time + timedelta(minutes=minutes)))
    desk.command(DecidePurchase(order_id=ID), ID, "buyer:7", at=PLACED.time + timedelta(days=1))
    return desk.events


def published() -> dict[str, Envelope]:
    """The first event of each type in these lives."""
    desk = a_desk()
    desk.deliver(event_envelope(reserved(ID), ID, 1, time=PLACED.time + timedelta(seconds=1)))
    for hours, (teller, message) in enumerate(LIFE, start=1):
        at = PLACED.time + timedelta(hours=hours)
        if isinstance(message, StockReserved):
            desk.deliver(event_envelope(message, ID, 2, time=at))
        elif teller.startswith("/"):
            desk.deliver(message_envelope(message, source=teller, time=at))
        else:
            desk.command(message, ID, teller, at=at)
    assert (desk.parked, desk.held) == ([], {})
    events = [*desk.events, *never_paid(), *never_sent(), *kept()]
    return {envelope.type: envelope for envelope in reversed(events)}


PUBLISHED = published()


def test_every_type_of_event_happens_in_it() -> None:
    assert set(PUBLISHED) == {event.wire_type() for event in orders.EVENTS}


@pytest.mark.parametrize("wire_type", sorted(PUBLISHED))
def test_a_published_event_is_the_golden_one(wire_type: str) -> None:
    assert_golden(PUBLISHED[wire_type])


@pytest.mark.parametrize("wire_type", sorted(PUBLISHED))
def test_it_says_nothing_personal(wire_type: str) -> None:
    text = PUBLISHED[wire_type].data.decode()
    for secret in ("recipient", "받는 분", "000-0000-0000", "세종대로", "문 앞"):
        assert secret in PLACED.data.decode()
        assert secret not in text
