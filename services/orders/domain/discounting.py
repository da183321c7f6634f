"""The order's own discounts, split over its lines so that every line says what was paid for it."""

from collections.abc import Sequence

from shared.contracts.base import Money
from shared.contracts.inbox_orders import OrderSubmitted, after_discount


def split_discounts(message: OrderSubmitted) -> Sequence[Money | None]:
    """Each line's share of all of them; None where the order has none."""
    if not message.discounts:
        return [None] * len(message.lines)
    amount = sum(discount.amount.amount for discount in message.discounts)
    shares = largest_remainder(amount, [after_discount(line) for line in message.lines])
    return [Money(amount=share, currency=message.currency) for share in shares]


def largest_remainder(amount: int, over: Sequence[int]) -> list[int]:
    """`amount` in parts proportional to those of `over`, none above its own; what is left after rounding down goes to
    the largest remainders, the first of equal ones."""
    whole = max(sum(over), 1)
    shares = [amount * part // whole for part in over]
    by_remainder = sorted(range(len(over)), key=lambda n: amount * over[n] % whole, reverse=True)
    for n in by_remainder[: amount - sum(shares)]:
        shares[n] += 1
    return shares
