"""One invoice as the messages of an order: what the files say, and what we make up because they do not say it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from zoneinfo import ZoneInfo

from deploy.replay.source import Sender, Story
from shared.contracts.base import Money
from shared.contracts.inbox_orders import (
    ClaimPart,
    ClaimSubmitted,
    OrdersMessage,
    OrderSubmitted,
    PaymentCaptured,
    RefundPaid,
    ShipmentDelivered,
    ShipmentHandedOver,
    SubmittedLine,
)
from shared.contracts.order_state import ClaimType, Reason

CURRENCY = "GBP"
TIMEZONE = "Europe/London"
ZONE = ZoneInfo(TIMEZONE)
SENDER = Sender("/replay/online-retail")

HAND_OVER_AFTER = timedelta(hours=6)
DELIVER_AFTER = timedelta(hours=30)

Told = tuple[datetime, OrdersMessage, tuple[str, ...]]
"""When, what, and which of its kind."""


@dataclass(frozen=True)
class TakenBack:
    """What an invoice of cancellations took back of one order: units per line, by its place from 0 on."""

    invoice: str
    at: datetime
    units: Mapping[int, int]


@dataclass(frozen=True)
class Order:
    """Stamps naive and local, the lists with an entry per line."""

    order_id: str
    customer: str | None
    placed: datetime
    place: list[int]
    code: list[str]
    name: list[str]
    quantity: list[int]
    amount: list[int]
    taken_back: Sequence[TakenBack] = field(default=())

    @property
    def placed_at(self) -> datetime:
        return utc(self.placed)

    @property
    def due(self) -> int:
        return sum(self.amount)

    def is_early(self, taken: TakenBack) -> bool:
        """Before the parcel left."""
        return utc(taken.at) < self.placed_at + HAND_OVER_AFTER

    @property
    def was_shipped(self) -> bool:
        early = sum(sum(taken.units.values()) for taken in self.taken_back if self.is_early(taken))
        return early < sum(self.quantity)

    def lines(self) -> Iterator[SubmittedLine]:
        columns = (self.place, self.code, self.name, self.quantity, self.amount)
        for place, code, name, quantity, amount in zip(*columns, strict=True):
            yield SubmittedLine(
                line_id=line_id(place),
                product_id=code,
                name=name,
                quantity=quantity,
                list_amount=money(amount),
                discount_amount=money(0),
            )


def line_id(place: int) -> str:
    return str(place + 1)


def utc(stamp: datetime) -> datetime:
    """A stamp that the clocks showed twice is taken as the first; one that they skipped by the time before the jump."""
    return stamp.replace(tzinfo=ZONE, fold=0).astimezone(UTC)


def story(order: Order) -> Story:
    told: list[Told] = [(order.placed_at, _submitted(order), ())]
    if order.due:
        told.append((order.placed_at, _paid(order), ()))
    if order.was_shipped:
        told += _delivery(order)
    told += _claims(order)
    return [
        SENDER.envelope(message, order.order_id, time, *which)
        for time, message, which in sorted(told, key=itemgetter(0))
    ]


def _submitted(order: Order) -> OrdersMessage:
    return OrderSubmitted(
        order_id=order.order_id,
        channel="online-retail",
        customer_id=order.customer and str(SENDER.id(order.customer)),
        currency=CURRENCY,
        lines=tuple(order.lines()),
        shipping_fee=money(0),
    )


def _paid(order: Order) -> OrdersMessage:
    return PaymentCaptured(order_id=order.order_id, payment_id=f"{order.order_id}_payment", amount=money(order.due))


def _delivery(order: Order) -> list[Told]:
    order_id, shipment_id = order.order_id, f"{order.order_id}_parcel"
    parcel = ShipmentHandedOver(
        order_id=order_id, shipment_id=shipment_id, carrier="made-up", tracking_no=f"OR{order_id}"
    )
    arrival = ShipmentDelivered(order_id=order_id, shipment_id=shipment_id)
    return [(order.placed_at + HAND_OVER_AFTER, parcel, ()), (order.placed_at + DELIVER_AFTER, arrival, ())]


def _claims(order: Order) -> Iterator[Told]:
    """Cancels take a line's units from the first on, returns from the last: what comes to nothing is not paid back."""
    first, last = dict.fromkeys(order.place, 0), dict(zip(order.place, order.quantity, strict=True))
    worth = {place: (a, q) for place, a, q in zip(order.place, order.amount, order.quantity, strict=True)}
    for taken in sorted(order.taken_back, key=lambda taken: taken.at):
        early, refund = order.is_early(taken), 0
        for place, units in taken.units.items():
            start = first[place] if early else last[place] - units
            refund += _share(*worth[place], start, start + units)
            first[place], last[place] = (start + units, last[place]) if early else (first[place], start)
        type = ClaimType.CANCEL if early else ClaimType.RETURN
        yield utc(taken.at), _claim(order.order_id, taken, type), (taken.invoice,)
        if refund:
            yield utc(taken.at), RefundPaid(order_id=order.order_id, claim_id=taken.invoice), (taken.invoice,)


def _claim(order_id: str, taken: TakenBack, type: ClaimType) -> OrdersMessage:
    parts = tuple(ClaimPart(line_id=line_id(place), quantity=units) for place, units in taken.units.items())
    return ClaimSubmitted(
        order_id=order_id,
        claim_id=taken.invoice,
        type=type,
        lines=parts,
        reason=Reason.INTENT_CHANGED,
        decided=True,
    )


def _share(amount: int, quantity: int, first: int, last: int) -> int:
    return amount * last // quantity - amount * first // quantity


def money(pence: int) -> Money:
    return Money(amount=pence, currency=CURRENCY)
