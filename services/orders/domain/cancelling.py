"""Cancelling: units that have not left yet are taken out of the order, and what was paid for them is given back."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

from services.orders.domain.claims import with_claim
from services.orders.domain.order import (
    Order,
    Units,
    as_lines,
    as_units,
    counted,
    is_cancelled,
    nothing_to_ship,
    open_cancels,
)
from services.orders.domain.refunding import refund_of_cancelled
from shared.contracts.order_state import Claim, ClaimLine, ClaimStatus, ClaimType, Reason, Refund
from shared.contracts.orders import ClaimApproved, ClaimCompleted, OrderCancelled, OrderPaid, RefundRequested
from shared.runtime.decision import Announcement, Context


def grant(order: Order, claim: Claim, ctx: Context) -> tuple[Order, list[Announcement]]:
    """Cancels the claim's units and closes it."""
    after, events = cancel(order, as_units(claim.lines), claim.reason, ctx, claim_id=claim.claim_id)
    refund_id = next((refund.refund_id for refund in after.state.refunds if refund.claim_id == claim.claim_id), None)
    done = claim.model_copy(
        update={"status": ClaimStatus.CANCEL_DONE, "closed_at": ctx.now, "refund_id": refund_id},
    )
    closed = with_claim(after, done, ctx)
    return closed, [partial(ClaimApproved, claim=done), partial(ClaimCompleted, claim=done), *events]


def grant_open(order: Order, ctx: Context) -> tuple[Order, list[Announcement]]:
    """Open requests get what they ask for: what they are about will not be sent."""
    events: list[Announcement] = []
    for claim in open_cancels(order.state):
        order, granted = grant(order, claim, ctx)
        events += granted
    return order, events


def cancel(
    order: Order, units: Units, reason: Reason, ctx: Context, *, claim_id: str | None = None, detail: str | None = None
) -> tuple[Order, list[Announcement]]:
    """Takes the units out of the order and tells what follows; an order that owes nothing any more is paid."""
    events: list[Announcement] = []
    after, refund = take_out(order, units, reason, ctx, claim_id)
    if refund is not None:
        events.append(partial(RefundRequested, refund=refund))
    if after.state.paid_at is None and not is_cancelled(after.state) and after.state.amount_due.is_zero():
        after = after.now(ctx, paid_at=ctx.now)
        events.append(partial(OrderPaid, payment=None))
    if nothing_to_ship(after.state):
        events.append(partial(OrderCancelled, lines=as_lines(units), reason=reason, detail=detail))
    return after, events


def take_out(
    order: Order, units: Units, reason: Reason, ctx: Context, claim_id: str | None
) -> tuple[Order, Refund | None]:
    """The order without the units, and the refund of what was paid for them."""
    state = order.state
    counters = ("cancelled", "cancelled_unpaid") if state.paid_at is None else ("cancelled",)
    after = order.now(ctx, lines=counted(state.lines, units, *counters))
    refund = refund_of_cancelled(state, after.state, units, reason, claim_id, ctx)
    if refund is None:
        return after, None
    return after.now(ctx, refunds=(*state.refunds, refund)), refund


def withdrawn_from(claims: Sequence[Claim], taken: Units, ctx: Context) -> tuple[tuple[Claim, ...], tuple[Claim, ...]]:
    """The claims without units that have left after all, oldest request first; and those of them that changed."""
    to_take = Counter(taken)
    cancels = {claim.claim_id for claim in claims if claim.closed_at is None and claim.type is ClaimType.CANCEL}
    after = tuple(_without(claim, to_take, ctx) if claim.claim_id in cancels else claim for claim in claims)
    return after, tuple(new for new, old in zip(after, claims, strict=True) if new is not old)


def _without(claim: Claim, to_take: Counter[str], ctx: Context) -> Claim:
    parts = as_units(claim.lines)
    given = {line_id: min(quantity, to_take[line_id]) for line_id, quantity in parts.items()}
    if not any(given.values()):
        return claim
    to_take.subtract(given)
    rest = {line_id: quantity - given[line_id] for line_id, quantity in parts.items() if quantity > given[line_id]}
    if rest:
        left = tuple(ClaimLine(line_id=line_id, quantity=quantity) for line_id, quantity in rest.items())
        return claim.model_copy(update={"lines": left})
    return claim.model_copy(update={"status": ClaimStatus.WITHDRAWN, "closed_at": ctx.now})
