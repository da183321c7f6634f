"""What was paid for each line and for shipping, and how much of it has not been given back. Minor units."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from services.orders.domain.order import Units, is_cancelled, nothing_kept
from shared.contracts.base import Money, share_of_units
from shared.contracts.order_state import (
    Claim,
    LineState,
    OrderState,
    PaymentStatus,
    Reason,
    Refund,
    RefundKind,
    RefundLine,
    RefundStatus,
)

OF_A_SALE = frozenset({RefundKind.CANCEL, RefundKind.RETURN, RefundKind.GOODWILL})
"""Refunds that reverse a sale; the others give back a payment that never was one."""
SELLERS_FAULT = frozenset(
    {
        Reason.DELAYED_DELIVERY,
        Reason.SOLD_OUT,
        Reason.INCORRECT_INFO,
        Reason.DROPPED_DELIVERY,
        Reason.BROKEN,
        Reason.WRONG_DELIVERY,
        Reason.WRONG_OPTION,
    }
)
"""Reasons for which the seller bears the shipping, and which no window closes."""


@dataclass(frozen=True)
class Left:
    """What a refund may still take. A failed refund has given nothing, so it takes nothing from here."""

    goods: Counter[str]
    units: Counter[str]
    """Whose sale is not taken back: not cancelled, not returned, and named by no goodwill."""
    shipping: int

    @property
    def total(self) -> int:
        return self.goods.total() + self.shipping

    def exceeded(self, refund: Refund) -> str | None:
        """Which amount of the refund is more than what is left for it."""
        return self.exceeded_by(refund.lines, refund.shipping_amount) if refund.kind in OF_A_SALE else None

    def exceeded_by(self, lines: Sequence[RefundLine], shipping: Money) -> str | None:
        for position, line in enumerate(lines):
            if line.goods_amount.amount > self.goods[line.line_id]:
                return f"lines.{position}.goods_amount"
        return "shipping_amount" if shipping.amount > self.shipping else None


def value(line: LineState) -> int:
    return line.list_amount.amount - line.discount_amount.amount


def value_of_units(line: LineState, first: int, last: int) -> int:
    return share_of_units(value(line), first, last, line.ordered)


def paid_for(line: LineState) -> int:
    """The line's value without the units cancelled before they were paid."""
    return value_of_units(line, line.cancelled_unpaid, line.ordered)


def left(state: OrderState) -> Left:
    if state.paid_at is None:
        return Left(Counter(), Counter(), 0)
    goods = Counter({line.line_id: paid_for(line) for line in state.lines})
    units = Counter({line.line_id: line.ordered - line.cancelled - line.returned for line in state.lines})
    shipping = state.shipping_fee.amount
    for refund in state.refunds:
        if refund.kind in OF_A_SALE and refund.status is not RefundStatus.FAILED:
            goods.subtract({line.line_id: line.goods_amount.amount for line in refund.lines})
            shipping -= refund.shipping_amount.amount
            if refund.kind is RefundKind.GOODWILL:
                units.subtract({line.line_id: line.quantity for line in refund.lines})
    return Left(goods, +units, shipping)


def left_to_refund(state: OrderState) -> int:
    return left(state).total


def of_cancelled(
    before: OrderState, after: OrderState, units: Units, reason: Reason
) -> tuple[tuple[RefundLine, ...], Money]:
    """What the units just cancelled give back: their share of each line, and the shipping fee with the last of all.

    Where others were sent back before, the fee goes back if the cancel is the seller's fault, as with a last return.
    Never more than is left: a goodwill refund may have given part of it already.
    """
    remaining, currency = left(before), before.currency
    lines = tuple(
        RefundLine(
            line_id=line.line_id,
            quantity=min(units[line.line_id], remaining.units[line.line_id]),
            goods_amount=Money(
                amount=min(share(line, units[line.line_id]), remaining.goods[line.line_id]), currency=currency
            ),
        )
        for line in before.lines
        if line.line_id in units
    )
    whole = is_cancelled(after) or (reason in SELLERS_FAULT and nothing_kept(after))
    return lines, Money(amount=remaining.shipping if whole else 0, currency=currency)


def of_returned(before: OrderState, after: OrderState, claim: Claim) -> tuple[tuple[RefundLine, ...], Money]:
    """What the units sent back were paid with, from the line's last unit on, for cancels go from its first one on.

    The shipping fee goes back with the last of all units where the return is the seller's fault.
    """
    remaining, currency, ordered = left(before), before.currency, {line.line_id: line for line in before.lines}
    lines = []
    for part in claim.lines:
        line = ordered[part.line_id]
        last = line.ordered - line.returned
        paid = value_of_units(line, last - part.quantity, last)
        goods = Money(amount=min(paid, remaining.goods[line.line_id]), currency=currency)
        quantity = min(part.quantity, remaining.units[line.line_id])
        lines.append(RefundLine(line_id=line.line_id, quantity=quantity, goods_amount=goods))
    shipping = remaining.shipping if claim.reason in SELLERS_FAULT and nothing_kept(after) else 0
    return tuple(lines), Money(amount=shipping, currency=currency)


def share(line: LineState, quantity: int) -> int:
    """The value of the next `quantity` units to be cancelled."""
    return value_of_units(line, line.cancelled, line.cancelled + quantity)


def sale_payment_id(state: OrderState) -> str | None:
    return next((p.payment_id for p in state.payments if p.status is PaymentStatus.CAPTURED), None)
