"""An order as a ticket shows it: its newest public state, and who waits for what will become of it."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from services.inquiries.domain.inquiry import Inquiry
from shared.contracts.base import Contract, Count, Id, Utc
from shared.contracts.orders import OrderState, OrderStatus


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


class OrderCard(Contract):
    """`order` is None while tickets wait for an order that no event has told of yet."""

    order: OrderState | None = None
    sequence: Count = 0
    as_of: Utc | None = None
    waiting: tuple[Id, ...] = ()

    def show(self, order: OrderState, sequence: int, as_of: datetime) -> Self:
        return self.model_copy(update={"order": order, "sequence": sequence, "as_of": as_of})

    def awaited_by(self, inquiry_id: str) -> Self:
        if inquiry_id in self.waiting:
            return self
        return self.model_copy(update={"waiting": (*self.waiting, inquiry_id)})


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
