"""What other systems may tell orders: `orders.inbox`, key = `ce_subject` = order id. HTTP takes the same bodies."""

from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from shared.contracts.base import Code, Contract, Count, Currency, Id, InboxMessage, Name, NonNegativeMoney, Quantity
from shared.contracts.orders import ClaimType, LineUnits, Reason

MAX_LINES = 500


class Recipient(Contract):
    """Where to deliver. Personal: kept in orders, never published."""

    name: Name
    phone: Annotated[str, Field(max_length=40)] | None = None
    address: Annotated[str, Field(max_length=500)]
    memo: Annotated[str, Field(max_length=500)] | None = None


class SubmittedLine(Contract):
    line_id: Id
    product_id: Id
    option_id: Id = "default"
    name: Name
    option_name: Name | None = None
    quantity: Quantity
    list_amount: NonNegativeMoney
    """Total for the quantity, before discounts."""
    discount_amount: NonNegativeMoney
    """Total for the quantity; at most `list_amount`."""

    @model_validator(mode="after")
    def discount_within_list(self) -> Self:
        if self.discount_amount.amount > self.list_amount.amount:
            raise ValueError("discount_amount must not exceed list_amount")
        return self


class OrdersMessage(InboxMessage):
    service: ClassVar[str] = "orders"
    order_id: Id


class OrderSubmitted(OrdersMessage):
    channel: Code
    client_order_number: Code | None = None
    customer_id: Id | None = None
    currency: Currency
    lines: Annotated[tuple[SubmittedLine, ...], Field(min_length=1, max_length=MAX_LINES)]
    shipping_fee: NonNegativeMoney
    recipient: Recipient | None = None

    @model_validator(mode="after")
    def lines_are_distinct_and_of_one_currency(self) -> Self:
        if len({line.line_id for line in self.lines}) != len(self.lines):
            raise ValueError("lines: line_id must be unique within the order")
        amounts = [self.shipping_fee, *(a for line in self.lines for a in (line.list_amount, line.discount_amount))]
        if any(a.currency != self.currency for a in amounts):
            raise ValueError("currency: every amount must be in the order's currency")
        return self


class PaymentCaptured(OrdersMessage):
    payment_id: Id
    amount: NonNegativeMoney
    method: Code | None = None


class PaymentDeclined(OrdersMessage):
    payment_id: Id
    amount: NonNegativeMoney
    method: Code | None = None
    error_code: Code


class ShipmentHandedOver(OrdersMessage):
    """A parcel left. Without `lines` everything not shipped and not cancelled is in it."""

    shipment_id: Id
    carrier: Code
    tracking_no: Code
    lines: tuple[LineUnits, ...] | None = None
    withdraw_cancel_request: bool = False


class ShipmentDelivered(OrdersMessage):
    shipment_id: Id


class TrackingChanged(OrdersMessage):
    shipment_id: Id
    carrier: Code
    tracking_no: Code


class ClaimSubmitted(OrdersMessage):
    """Without `lines` everything the claim can still take. `decided`: the sender has approved it already."""

    claim_id: Id
    type: ClaimType
    lines: tuple[LineUnits, ...] | None = None
    reason: Reason
    decided: bool = False


class ClaimDecision(StrEnum):
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


class ClaimDecided(OrdersMessage):
    claim_id: Id
    decision: ClaimDecision


class GoodwillLine(Contract):
    line_id: Id
    quantity: Count = 0
    goods_amount: NonNegativeMoney


class RefundSubmitted(OrdersMessage):
    """A goodwill refund: money back without goods back."""

    refund_id: Id
    reason: Code
    lines: tuple[GoodwillLine, ...] = ()
    shipping_amount: NonNegativeMoney


class RefundAnswer(OrdersMessage):
    refund_id: Id | None = None
    claim_id: Id | None = None

    @model_validator(mode="after")
    def names_one(self) -> Self:
        if (self.refund_id is None) == (self.claim_id is None):
            raise ValueError("name either refund_id or claim_id")
        return self


class RefundPaid(RefundAnswer):
    pass


class RefundDeclined(RefundAnswer):
    error_code: Code


MESSAGES: tuple[type[OrdersMessage], ...] = (
    OrderSubmitted,
    PaymentCaptured,
    PaymentDeclined,
    ShipmentHandedOver,
    ShipmentDelivered,
    TrackingChanged,
    ClaimSubmitted,
    ClaimDecided,
    RefundSubmitted,
    RefundPaid,
    RefundDeclined,
)
