"""One marketplace order as messages: what the files say, and what we make up because they do not say it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from operator import itemgetter
from zoneinfo import ZoneInfo

from deploy.replay.source import Sender, Story
from shared.contracts.base import Money
from shared.contracts.inbox_orders import (
    ClaimDecided,
    ClaimDecision,
    ClaimSubmitted,
    OrdersMessage,
    OrderSubmitted,
    ParcelCollected,
    PaymentCaptured,
    PickupStarted,
    RefundPaid,
    ShipmentDelivered,
    ShipmentHandedOver,
    SubmittedLine,
)
from shared.contracts.order_state import ClaimType, Reason

CURRENCY = "BRL"
TIMEZONE = "America/Sao_Paulo"
ZONE = ZoneInfo(TIMEZONE)
SENDER = Sender("/replay/olist")

ENDED = {"canceled": Reason.INTENT_CHANGED, "unavailable": Reason.SOLD_OUT}
"""The statuses of orders that were called off, and why as we tell it."""
ENDED_AFTER = timedelta(seconds=1)

Told = tuple[datetime, OrdersMessage]


@dataclass(frozen=True)
class Order:
    """One row of the chosen orders: stamps naive and local, the lists with an entry per line."""

    order_id: str
    customer_unique_id: str
    status: str
    purchased: datetime
    approved: datetime | None
    handed_over: datetime | None
    delivered: datetime | None
    method: str | None
    shipping: int
    product_id: list[str]
    name: list[str]
    quantity: list[int]
    amount: list[int]

    @property
    def customer_id(self) -> str:
        return str(SENDER.id(self.customer_unique_id))

    @property
    def due(self) -> int:
        return sum(self.amount) + self.shipping

    @property
    def stamps(self) -> list[datetime]:
        """All that is known to have happened."""
        return [stamp for stamp in (self.purchased, self.approved, self.handed_over, self.delivered) if stamp]

    @cached_property
    def moments(self) -> list[datetime]:
        return sorted(map(utc, self.stamps))

    @property
    def ended(self) -> datetime:
        return self.moments[-1] + ENDED_AFTER

    @property
    def was_paid(self) -> bool:
        return bool(self.approved and self.due)

    @property
    def was_shipped(self) -> bool:
        return bool(self.handed_over or self.delivered)

    @property
    def can_return(self) -> bool:
        """Only what was paid and handed over is with somebody who can send it back."""
        return self.handed_over is not None and (self.was_paid or not self.due)

    def lines(self) -> Iterator[SubmittedLine]:
        columns = (self.product_id, self.name, self.quantity, self.amount)
        for number, (product, name, quantity, amount) in enumerate(zip(*columns, strict=True), start=1):
            yield SubmittedLine(
                line_id=str(number),
                product_id=product,
                name=name,
                quantity=quantity,
                list_amount=money(amount),
                discount_amount=money(0),
            )


def utc(stamp: datetime) -> datetime:
    """A stamp that the clocks showed twice is taken as the first; one that they skipped by the time before the jump."""
    return stamp.replace(tzinfo=ZONE, fold=0).astimezone(UTC)


def story(order: Order) -> Story:
    told = [(utc(order.purchased), _submitted(order)), *_payment(order), *_delivery(order), *_end(order)]
    return [SENDER.envelope(message, order.order_id, time) for time, message in sorted(told, key=itemgetter(0))]


def _submitted(order: Order) -> OrdersMessage:
    return OrderSubmitted(
        order_id=order.order_id,
        channel="olist",
        customer_id=order.customer_id,
        currency=CURRENCY,
        lines=tuple(order.lines()),
        shipping_fee=money(order.shipping),
    )


def _payment(order: Order) -> Iterator[Told]:
    if order.approved and order.due:
        payment_id = f"{order.order_id}_payment"
        yield (
            utc(order.approved),
            PaymentCaptured(
                order_id=order.order_id, payment_id=payment_id, amount=money(order.due), method=order.method
            ),
        )


def _delivery(order: Order) -> Iterator[Told]:
    order_id, shipment_id = order.order_id, f"{order.order_id}_parcel"
    if order.handed_over:
        parcel = ShipmentHandedOver(
            order_id=order_id, shipment_id=shipment_id, carrier="made-up", tracking_no=f"OL{order_id}"
        )
        yield utc(order.handed_over), parcel
    if order.delivered:
        yield utc(order.delivered), ShipmentDelivered(order_id=order_id, shipment_id=shipment_id)


def _end(order: Order) -> Iterator[Told]:
    if order.status in ENDED:
        messages = _return(order) if order.was_shipped else _cancel(order)
        yield from ((order.ended, message) for message in messages)


def _cancel(order: Order) -> Iterator[OrdersMessage]:
    order_id, claim_id = order.order_id, f"{order.order_id}_cancel"
    reason = ENDED[order.status]
    yield ClaimSubmitted(order_id=order_id, claim_id=claim_id, type=ClaimType.CANCEL, reason=reason, decided=True)
    if order.was_paid:
        yield RefundPaid(order_id=order_id, claim_id=claim_id)


def _return(order: Order) -> Iterator[OrdersMessage]:
    """All of it comes back in good order and is paid back without the shipping, which was done."""
    if not order.can_return:
        return
    order_id, claim_id = order.order_id, f"{order.order_id}_return"
    yield ClaimSubmitted(order_id=order_id, claim_id=claim_id, type=ClaimType.RETURN, reason=Reason.INTENT_CHANGED)
    yield PickupStarted(order_id=order_id, claim_id=claim_id)
    yield ParcelCollected(order_id=order_id, claim_id=claim_id)
    yield ClaimDecided(order_id=order_id, claim_id=claim_id, decision=ClaimDecision.APPROVED)
    if any(order.amount):
        yield RefundPaid(order_id=order_id, claim_id=claim_id)


def money(centavos: int) -> Money:
    return Money(amount=centavos, currency=CURRENCY)
