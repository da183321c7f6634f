"""The time to pay is over, and what was ordered is free for others again."""

from functools import partial

from services.orders.domain.cancelling import grant_open, take_out
from services.orders.domain.order import Order, as_lines, to_send
from shared.contracts.order_state import Reason
from shared.contracts.orders import OrderExpired
from shared.runtime.decision import Context, Decision


def expire(order: Order, ctx: Context) -> Decision[Order]:
    """Open cancel requests get what they ask for; the rest goes with the time to pay, unless it costs nothing."""
    order, events = grant_open(order, ctx)
    rest = to_send(order.state)
    if not rest or order.state.paid_at is not None:
        return Decision(order, events)
    order, _ = take_out(order, rest, Reason.INTENT_CHANGED, ctx, None)
    expired = order.now(ctx, expired_at=ctx.now)
    return Decision(expired, [*events, partial(OrderExpired, lines=as_lines(rest))])
