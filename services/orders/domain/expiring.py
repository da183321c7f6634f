"""Move 4: the time to pay is over, and what was ordered is free for others again."""

from functools import partial

from services.orders.domain.cancelling import grant, take_out
from services.orders.domain.order import Order, as_lines, open_cancels, unshipped
from shared.contracts.orders import OrderExpired, Reason
from shared.runtime.decision import Announcement, Context, Decision


def expire(order: Order, ctx: Context) -> Decision[Order]:
    """Open cancel requests get what they ask for; the rest goes with the time to pay."""
    events: list[Announcement] = []
    for claim in open_cancels(order.state):
        order, granted = grant(order, claim, ctx)
        events += granted
    rest = {line.line_id: unshipped(line) for line in order.state.lines if unshipped(line)}
    if not rest:
        return Decision(order, events)
    order, _ = take_out(order, rest, Reason.INTENT_CHANGED, ctx, None)
    expired = order.now(ctx, expired_at=ctx.now)
    return Decision(expired, [*events, partial(OrderExpired, lines=as_lines(rest))])
