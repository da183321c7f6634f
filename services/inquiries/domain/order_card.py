"""An order as a ticket shows it: its newest public state, and who waits for what will become of it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from services.inquiries.domain.inquiry import Inquiry
from shared.contracts.order_state import OrderState, OrderStatus
from shared.runtime.decision import Document


class Outcome(StrEnum):
    """What ends the wait for a shipment."""

    SHIPPED = "shipped"
    CANCELLED = "cancelled"


class Standing(StrEnum):
    """Whether the ticket may show its order."""

    NO_ORDER = "no order"
    NOT_SEEN = "order not seen yet"
    SHOWN = "shown"
    UNVERIFIED = "customer unverified"
    MISMATCH = "customer mismatch"


@dataclass(frozen=True)
class OrderCard:
    """`told` is the order as its newest event told it: a document that is parsed only when somebody looks at it, for
    most events just replace it. None while tickets wait for an order that no event has told of yet."""

    told: Document | None = None
    sequence: int = 0
    as_of: datetime | None = None
    waiting: tuple[str, ...] = ()

    @cached_property
    def order(self) -> OrderState | None:
        return None if self.told is None else OrderState.model_validate(self.told)

    def show(self, order: OrderState, sequence: int, as_of: datetime) -> "OrderCard":
        return replace(self, told=order.model_dump(), sequence=sequence, as_of=as_of)

    def awaited_by(self, inquiry_id: str) -> "OrderCard":
        return self if inquiry_id in self.waiting else replace(self, waiting=(*self.waiting, inquiry_id))

    def left_by(self, inquiry_ids: Collection[str]) -> "OrderCard":
        return replace(self, waiting=tuple(id for id in self.waiting if id not in inquiry_ids))


def outcome(order: OrderState | None) -> Outcome | None:
    if order is None:
        return None
    if order.shipments:
        return Outcome.SHIPPED
    never = order.status in (OrderStatus.CANCELED, OrderStatus.CANCELED_BY_NOPAYMENT)
    return Outcome.CANCELLED if never else None


def standing(ticket: Inquiry, order: OrderState | None) -> Standing:
    """Only its own customer's order; with a customer unknown on either side it is shown, but marked."""
    if ticket.order_id is None:
        return Standing.NO_ORDER
    if order is None:
        return Standing.NOT_SEEN
    if ticket.customer_id is None or order.customer_id is None:
        return Standing.UNVERIFIED
    return Standing.SHOWN if ticket.customer_id == order.customer_id else Standing.MISMATCH
