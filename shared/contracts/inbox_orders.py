"""What other systems may tell orders: `orders.inbox`, key = `ce_subject` = order id. HTTP takes the same bodies."""

from enum import StrEnum
from typing import Annotated, ClassVar, Protocol, TypeVar

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from shared.contracts.base import (
    Code,
    Contract,
    Count,
    Currency,
    Id,
    InboxMessage,
    Money,
    Name,
    NonNegativeMoney,
    Quantity,
    Utc,
)
from shared.contracts.order_state import ClaimType, DelayReason, LineUnits, OrderDiscount, Reason

MAX_LINES = 500
MAX_DISCOUNTS = 50


class _OfALine(Protocol):
    @property
    def line_id(self) -> str: ...


L = TypeVar("L", bound=_OfALine)


def _distinct(lines: tuple[L, ...]) -> tuple[L, ...]:
    if len({line.line_id for line in lines}) != len(lines):
        raise ValueError("every line_id must be named once")
    return lines


Parts = Annotated[tuple[LineUnits, ...], Field(min_length=1, max_length=MAX_LINES), AfterValidator(_distinct)]
"""Units of some of the order's lines."""


class ClaimPart(LineUnits):
    option_id: Id | None = None
    """What comes back, where exchanges changed some of the units. By default what was ordered, as long as enough is."""
    target_option_id: Id | None = None
    """Of the same product: what an exchange is to send."""


ClaimParts = Annotated[tuple[ClaimPart, ...], Field(min_length=1, max_length=MAX_LINES), AfterValidator(_distinct)]


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

    @field_validator("discount_amount")
    @classmethod
    def within_list_amount(cls, discount: Money, info: ValidationInfo) -> Money:
        if "list_amount" in info.data and discount.amount > info.data["list_amount"].amount:
            raise ValueError("must not exceed list_amount")
        return discount


class OrdersMessage(InboxMessage):
    service: ClassVar[str] = "orders"
    subject_field: ClassVar[str] = "order_id"
    order_id: Id


class OrderSubmitted(OrdersMessage):
    channel: Code
    client_order_number: Code | None = None
    customer_id: Id | None = None
    currency: Currency
    lines: Annotated[tuple[SubmittedLine, ...], Field(min_length=1, max_length=MAX_LINES), AfterValidator(_distinct)]
    discounts: Annotated[tuple[OrderDiscount, ...], Field(max_length=MAX_DISCOUNTS)] = ()
    """Of the order as a whole, besides those of its lines; together at most what the lines cost after theirs."""
    shipping_fee: NonNegativeMoney
    total: NonNegativeMoney | None = None
    """What the buyer was shown as the price; refused unless the lines, discounts and shipping fee add up to it."""
    recipient: Recipient | None = None

    @field_validator("lines")
    @classmethod
    def lines_in_the_order_s_currency(
        cls, lines: tuple[SubmittedLine, ...], info: ValidationInfo
    ) -> tuple[SubmittedLine, ...]:
        for line in lines:
            for money in (line.list_amount, line.discount_amount):
                _in_currency(money, info, f"line {line.line_id}: ")
        return lines

    @field_validator("discounts")
    @classmethod
    def within_the_lines(cls, discounts: tuple[OrderDiscount, ...], info: ValidationInfo) -> tuple[OrderDiscount, ...]:
        for discount in discounts:
            _in_currency(discount.amount, info)
        if "lines" in info.data and _off(discounts) > sum(map(after_discount, info.data["lines"])):
            raise ValueError("must not exceed what the lines cost after their own discounts")
        return discounts

    @field_validator("shipping_fee")
    @classmethod
    def fee_in_the_order_s_currency(cls, fee: Money, info: ValidationInfo) -> Money:
        return _in_currency(fee, info)

    @field_validator("total")
    @classmethod
    def adds_up(cls, total: Money | None, info: ValidationInfo) -> Money | None:
        if total is None or not {"lines", "discounts", "shipping_fee"} <= info.data.keys():
            return total
        goods = sum(map(after_discount, info.data["lines"])) - _off(info.data["discounts"])
        if _in_currency(total, info).amount != goods + info.data["shipping_fee"].amount:
            raise ValueError("must be what the lines, discounts and shipping fee add up to")
        return total


def after_discount(line: SubmittedLine) -> int:
    """What a line costs after its own discount, before its share of the order's."""
    return line.list_amount.amount - line.discount_amount.amount


def _off(discounts: tuple[OrderDiscount, ...]) -> int:
    return sum(discount.amount.amount for discount in discounts)


def _in_currency(money: Money, info: ValidationInfo, where: str = "") -> Money:
    if money.currency != info.data.get("currency", money.currency):
        raise ValueError(f"{where}every amount must be in the order's currency")
    return money


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
    """A parcel left. Without `lines` everything not shipped and not cancelled is in it.

    With `claim_id` it is what an exchange sends in place of all that came back: `lines`, if any, are the claim's.
    """

    shipment_id: Id
    carrier: Code
    tracking_no: Code
    lines: Parts | None = None
    withdraw_cancel_request: bool = False
    claim_id: Id | None = None


class ShipmentDelivered(OrdersMessage):
    shipment_id: Id


class TrackingChanged(OrdersMessage):
    shipment_id: Id
    carrier: Code
    tracking_no: Code


class DispatchDelayRequested(OrdersMessage):
    """The promise to ship moves to a later moment."""

    ship_by: Utc
    reason: DelayReason


class ClaimSubmitted(OrdersMessage):
    """Without `lines` everything the claim can still take. `decided`: the sender has approved it already."""

    claim_id: Id
    type: ClaimType
    lines: ClaimParts | None = None
    reason: Reason
    decided: bool = False


class ClaimDecision(StrEnum):
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


class ClaimDecided(OrdersMessage):
    claim_id: Id
    decision: ClaimDecision
    waive_pickup: bool = False
    """A return is approved though nothing comes back."""


class PickupStarted(OrdersMessage):
    """Told again with another carrier or number it corrects them, until the goods are collected."""

    claim_id: Id
    carrier: Code | None = None
    tracking_no: Code | None = None


class CollectedLine(Contract):
    line_id: Id
    good: Count = 0
    damaged: Count = 0


CollectedLines = Annotated[
    tuple[CollectedLine, ...], Field(min_length=1, max_length=MAX_LINES), AfterValidator(_distinct)
]


class ParcelCollected(OrdersMessage):
    """What a claim asks back has come and was inspected. Without `lines` all of it is good."""

    claim_id: Id
    lines: CollectedLines | None = None


class GoodwillLine(Contract):
    line_id: Id
    quantity: Count = 0
    """Units that stay where they are and are no sale any more, of those that nothing else has taken off it."""
    goods_amount: NonNegativeMoney


GoodwillLines = Annotated[tuple[GoodwillLine, ...], Field(max_length=MAX_LINES), AfterValidator(_distinct)]


class RefundSubmitted(OrdersMessage):
    """A goodwill refund: money back without goods back."""

    refund_id: Id
    reason: Code
    lines: GoodwillLines = ()
    shipping_amount: NonNegativeMoney


class RefundAnswer(OrdersMessage):
    """Names the refund, or the claim that it belongs to."""

    refund_id: Id | None = None
    claim_id: Annotated[Id | None, Field(validate_default=True)] = None

    @field_validator("claim_id")
    @classmethod
    def names_one(cls, claim_id: str | None, info: ValidationInfo) -> str | None:
        if (info.data.get("refund_id") is None) == (claim_id is None):
            raise ValueError("name either refund_id or claim_id")
        return claim_id


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
    DispatchDelayRequested,
    ClaimSubmitted,
    ClaimDecided,
    PickupStarted,
    ParcelCollected,
    RefundSubmitted,
    RefundPaid,
    RefundDeclined,
)
