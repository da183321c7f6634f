"""What the tests of orders start from: a desk in memory and the messages of an order's life."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from services.orders.domain.order import Order, as_lines
from services.orders.handlers import TABLE
from services.orders.repository import CLIENT_ORDER, ORDER
from services.orders.settings import Settings
from shared.contracts.base import Message, Money
from shared.contracts.catalog import (
    ReservationState,
    ReservationStatus,
    ShortageCode,
    StockRejected,
    StockReserved,
)
from shared.contracts.envelope import Envelope
from shared.contracts.inbox_orders import (
    ClaimDecided,
    ClaimDecision,
    ClaimPart,
    ClaimSubmitted,
    CollectedLine,
    DispatchDelayRequested,
    GoodwillLine,
    OrdersMessage,
    OrderSubmitted,
    ParcelCollected,
    PaymentCaptured,
    PaymentDeclined,
    PickupStarted,
    RefundDeclined,
    RefundPaid,
    RefundSubmitted,
    ShipmentDelivered,
    ShipmentHandedOver,
    SubmittedLine,
    TrackingChanged,
)
from shared.contracts.order_state import ClaimType, DelayReason, LineState, LineUnits, OrderState, Reason
from shared.runtime.personal import ERASED
from tests.support.memory import T0, MemoryRuntime, event_envelope, message_envelope

ID = "ord_1"
SELLER, BUYER = "seller:local", "buyer:7"
Units = Mapping[str, int]


def resent(envelope: Envelope, how_often: int = 0) -> Envelope:
    """Its sender says it again, in another message."""
    return replace(envelope, id=str(uuid5(UUID(envelope.id), f"again {how_often}")))


def won(amount: int) -> Money:
    return Money(amount=amount, currency="KRW")


class Desk(MemoryRuntime):
    """Tells one order what happens to it, an hour apart."""

    def __init__(self, **policy: Any) -> None:
        super().__init__("orders", TABLE, [ORDER, CLIENT_ORDER, ERASED], Settings(**policy))
        self.hours = 0
        self.heard = 0

    def tell(self, *messages: OrdersMessage) -> "Desk":
        """As other systems do, over the inbox."""
        for message in messages:
            self.deliver(self.sent(message))
        return self

    def sent(self, message: Message) -> Envelope:
        self.hours += 1
        return message_envelope(message, time=T0 + timedelta(hours=self.hours))

    def ask(self, message: OrdersMessage, actor: str = SELLER) -> OrderState:
        """As a person does, over HTTP."""
        self.hours += 1
        self.command(message, message.order_id, actor, at=T0 + timedelta(hours=self.hours))
        return self.public

    def catalog_says(self, event: StockReserved | StockRejected) -> "Desk":
        self.hours += 1
        self.heard += 1
        at = T0 + timedelta(hours=self.hours)
        self.deliver(event_envelope(event, event.reservation.order_id, self.heard, time=at))
        return self

    def wait(self, hours: float) -> "Desk":
        """Time passes, for the clock and for what is told next."""
        self.hours += int(hours)
        self.pass_time(max(self.wall, T0 + timedelta(hours=self.hours)))
        return self

    @property
    def order(self) -> Order:
        order = self.state(ORDER, ID)
        assert order is not None
        return order

    @property
    def public(self) -> OrderState:
        return self.order.state

    @property
    def line(self) -> LineState:
        return self.public.lines[0]

    @property
    def refused(self) -> list[tuple[str, str | None]]:
        """What was parked: error and field."""
        return [(parked.fault.error, parked.fault.field) for parked in self.parked]


def a_line(line_id: str = "1", quantity: int = 3, amount: int = 10_000, discount: int = 0) -> SubmittedLine:
    return SubmittedLine(
        line_id=line_id,
        product_id=f"prd_{line_id}",
        name="Mug",
        quantity=quantity,
        list_amount=won(amount),
        discount_amount=won(discount),
    )


def placed(*lines: SubmittedLine, fee: int = 3_000, **fields: Any) -> OrderSubmitted:
    content: dict[str, Any] = {
        "order_id": ID,
        "channel": "web",
        "currency": "KRW",
        "lines": lines or (a_line(),),
        "shipping_fee": won(fee),
    }
    return OrderSubmitted(**content | fields)


def paid(amount: int = 13_000, payment_id: str = "pay_1", **fields: Any) -> PaymentCaptured:
    return PaymentCaptured(order_id=ID, payment_id=payment_id, amount=won(amount), **fields)


def declined(payment_id: str = "pay_0", amount: int = 13_000, code: str = "CARD_LIMIT") -> PaymentDeclined:
    return PaymentDeclined(order_id=ID, payment_id=payment_id, amount=won(amount), error_code=code)


def reserved(order_id: str = ID, claim_id: str | None = None) -> StockReserved:
    reservation = ReservationState(order_id=order_id, status=ReservationStatus.RESERVED, lines=())
    return StockReserved(reservation=reservation, claim_id=claim_id)


def rejected(
    code: ShortageCode = ShortageCode.SOLD_OUT, order_id: str = ID, claim_id: str | None = None
) -> StockRejected:
    reservation = ReservationState(order_id=order_id, status=ReservationStatus.REJECTED, lines=())
    return StockRejected(reservation=reservation, code=code, claim_id=claim_id)


def asked_for(
    wanted: Units | None, target: str | None = None, option: str | None = None
) -> tuple[ClaimPart, ...] | None:
    if wanted is None:
        return None
    return tuple(
        ClaimPart(line_id=id, quantity=n, option_id=option, target_option_id=target) for id, n in wanted.items()
    )


def units(wanted: Units | None) -> tuple[LineUnits, ...] | None:
    return None if wanted is None else as_lines(wanted)


def shipped(shipment_id: str = "shp_1", wanted: Units | None = None, *, withdraw: bool = False) -> ShipmentHandedOver:
    return ShipmentHandedOver(
        order_id=ID,
        shipment_id=shipment_id,
        carrier="CJGLS",
        tracking_no=f"T-{shipment_id}",
        lines=units(wanted),
        withdraw_cancel_request=withdraw,
    )


def delivered(shipment_id: str = "shp_1") -> ShipmentDelivered:
    return ShipmentDelivered(order_id=ID, shipment_id=shipment_id)


def tracked(tracking_no: str, shipment_id: str = "shp_1") -> TrackingChanged:
    return TrackingChanged(order_id=ID, shipment_id=shipment_id, carrier="CJGLS", tracking_no=tracking_no)


def postponed(ship_by: datetime, reason: DelayReason = DelayReason.PRODUCT_PREPARE) -> DispatchDelayRequested:
    return DispatchDelayRequested(order_id=ID, ship_by=ship_by, reason=reason)


def cancel(claim_id: str = "clm_1", wanted: Units | None = None, **fields: Any) -> ClaimSubmitted:
    content: dict[str, Any] = {
        "order_id": ID,
        "claim_id": claim_id,
        "type": ClaimType.CANCEL,
        "lines": asked_for(wanted),
        "reason": Reason.INTENT_CHANGED,
    }
    return ClaimSubmitted(**content | fields)


def sent_back(
    claim_id: str = "clm_1", wanted: Units | None = None, option: str | None = None, **fields: Any
) -> ClaimSubmitted:
    lines = asked_for(wanted, option=option)
    return cancel(claim_id, **{"type": ClaimType.RETURN, "lines": lines} | fields)


def exchange(
    claim_id: str = "clm_1",
    wanted: Units | None = None,
    target: str = "blue",
    option: str | None = None,
    **fields: Any,
) -> ClaimSubmitted:
    lines = asked_for(wanted or {"1": 1}, target, option)
    return cancel(claim_id, **{"type": ClaimType.EXCHANGE, "lines": lines} | fields)


def replaced(claim_id: str = "clm_1", shipment_id: str = "shp_9", wanted: Units | None = None) -> ShipmentHandedOver:
    return shipped(shipment_id, wanted).model_copy(update={"claim_id": claim_id})


def decided(decision: ClaimDecision, claim_id: str = "clm_1", *, waive_pickup: bool = False) -> ClaimDecided:
    return ClaimDecided(order_id=ID, claim_id=claim_id, decision=decision, waive_pickup=waive_pickup)


def picked_up(claim_id: str = "clm_1", tracking_no: str = "R-1") -> PickupStarted:
    return PickupStarted(order_id=ID, claim_id=claim_id, carrier="CJGLS", tracking_no=tracking_no)


def collected(claim_id: str = "clm_1", counts: Mapping[str, tuple[int, int]] | None = None) -> ParcelCollected:
    """`counts`: good and damaged units by line; without them all is good."""
    lines = (
        None
        if counts is None
        else tuple(
            CollectedLine(line_id=line_id, good=good, damaged=damaged) for line_id, (good, damaged) in counts.items()
        )
    )
    return ParcelCollected(order_id=ID, claim_id=claim_id, lines=lines)


def goodwill(
    refund_id: str = "rfd_1", goods: Units | None = None, shipping: int = 0, *, units: int = 0
) -> RefundSubmitted:
    """goods: amounts by line."""
    amounts = {"1": 1_000} if goods is None else goods
    lines = tuple(GoodwillLine(line_id=id, quantity=units, goods_amount=won(amount)) for id, amount in amounts.items())
    return RefundSubmitted(
        order_id=ID, refund_id=refund_id, reason="APOLOGY", lines=lines, shipping_amount=won(shipping)
    )


def refunded(**named: str) -> RefundPaid:
    return RefundPaid(order_id=ID, **named)


def refund_failed(**named: str) -> RefundDeclined:
    return RefundDeclined(order_id=ID, error_code="ACCOUNT_CLOSED", **named)


def a_placed_order(*lines: SubmittedLine, **fields: Any) -> Desk:
    return Desk().tell(placed(*lines, **fields))


def a_paid_order(*lines: SubmittedLine, **fields: Any) -> Desk:
    desk = a_placed_order(*lines, **fields)
    return desk.tell(paid(desk.public.total.amount))


def a_delivered_order(*lines: SubmittedLine, **fields: Any) -> Desk:
    return an_order_to_ship(*lines, **fields).tell(shipped("shp_0"), delivered("shp_0"))


def an_exchange_to_send(*lines: SubmittedLine, **fields: Any) -> Desk:
    """Of one unit: it is back, and catalog has what is to come instead."""
    desk = a_delivered_order(*lines, **fields).tell(exchange("clm_0"), picked_up("clm_0"), collected("clm_0"))
    return desk.catalog_says(reserved(claim_id="clm_0"))


def an_order_to_ship(*lines: SubmittedLine, **fields: Any) -> Desk:
    """Paid, and its stock reserved."""
    return a_paid_order(*lines, **fields).catalog_says(reserved())


def an_exchanged_order() -> Desk:
    """One of three units is blue now."""
    return an_exchange_to_send().tell(replaced("clm_0"), delivered("shp_9"))
