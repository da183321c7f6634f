"""A payment made before a cancel was granted, but told after it: nothing orders the messages of different systems.

Its units were sold after all. They are cancelled again, this time with a refund, so that in whatever order the messages
come the money, the sale and its reversal end the same.
"""

from collections import Counter
from functools import partial
from operator import attrgetter

from services.orders.domain.cancelling import take_out
from services.orders.domain.claims import with_claim
from services.orders.domain.order import Order, as_units, counted
from shared.contracts.order_state import Claim, ClaimStatus
from shared.contracts.orders import RefundRequested
from shared.runtime.decision import Announcement, Context


def overtaken_cancels(order: Order, ctx: Context) -> tuple[Claim, ...]:
    """The claims granted to an unpaid order not before now, the time of the payment; the earliest first."""
    if order.state.paid_at is not None or order.state.expired_at is not None:
        return ()
    later = [claim for claim in order.state.claims if claim.closed_at is not None and claim.closed_at >= ctx.now]
    return tuple(sorted((c for c in later if c.status is ClaimStatus.CANCEL_DONE), key=attrgetter("closed_at")))


def before(order: Order, claims: tuple[Claim, ...], ctx: Context) -> Order:
    """The order with the units of these claims still in it."""
    units = Counter[str]()
    for claim in claims:
        units.subtract(as_units(claim.lines))
    return order.now(ctx, lines=counted(order.state.lines, units, "cancelled", "cancelled_unpaid"))


def cancelled_again(order: Order, claims: tuple[Claim, ...], ctx: Context) -> tuple[Order, list[Announcement]]:
    events: list[Announcement] = []
    for claim in claims:
        order, refund = take_out(order, as_units(claim.lines), claim.reason, ctx, claim.claim_id)
        if refund is not None:
            refunded = claim.model_copy(update={"refund_id": refund.refund_id})
            order = with_claim(order, refunded, ctx)
            events.append(partial(RefundRequested, refund=refund))
    return order, events
