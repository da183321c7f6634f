"""Moves 11 and 12: units that have not left yet are asked back, and that is granted, refused or withdrawn."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

from services.orders.domain.moves import Move, illegal, permit, require, unknown
from services.orders.domain.order import (
    Order,
    Units,
    as_lines,
    as_units,
    counted,
    free,
    is_cancelled,
    nothing_to_ship,
)
from services.orders.domain.refunding import refund_of_cancelled
from services.orders.domain.repeats import answered, is_repeat
from services.orders.domain.units import wanted
from shared.contracts.inbox_orders import ClaimDecided, ClaimDecision, ClaimSubmitted
from shared.contracts.orders import (
    Claim,
    ClaimApproved,
    ClaimCompleted,
    ClaimRejected,
    ClaimRequested,
    ClaimStatus,
    ClaimType,
    ClaimWithdrawn,
    OrderCancelled,
    OrderPaid,
    Reason,
    Refund,
    RefundRequested,
)
from shared.runtime.decision import Announcement, Context, Decision, Invalid

MAX_CLAIMS = 50
REASONS = frozenset(Reason) - {
    Reason.DROPPED_DELIVERY,
    Reason.BROKEN,
    Reason.WRONG_DELIVERY,
    Reason.WRONG_OPTION,
    Reason.ETC,
}
"""Those of a cancel; the others speak of goods that arrived."""

ANSWERS = {
    ClaimDecision.APPROVED: (Move.APPROVE_CANCEL, ClaimStatus.CANCEL_DONE),
    ClaimDecision.REJECTED: (Move.REJECT_CANCEL, ClaimStatus.CANCEL_REJECT),
    ClaimDecision.WITHDRAWN: (Move.WITHDRAW_CANCEL, ClaimStatus.WITHDRAWN),
}


def request(order: Order, message: ClaimSubmitted, ctx: Context) -> Decision[Order]:
    if message.type is not ClaimType.CANCEL:
        raise Invalid(f"{message.type} is not offered", field="type")
    if message.reason not in REASONS:
        raise Invalid(f"{message.reason} is no reason to cancel", field="reason")
    if message.decided:
        permit(order, Move.APPROVE_CANCEL, ctx)
    if is_repeat(order, "claim", message.claim_id, message, ctx):
        return Decision(order)
    require(order, Move.REQUEST_CANCEL, ctx)
    if len(order.state.claims) >= MAX_CLAIMS:
        raise illegal(order, ctx, f"an order takes at most {MAX_CLAIMS} claims")
    claim = Claim(
        claim_id=message.claim_id,
        type=message.type,
        status=ClaimStatus.CANCEL_REQUEST,
        lines=as_lines(wanted(order, message.lines, free, ctx)),
        reason=message.reason,
        requested_at=ctx.now,
    )
    asked = answered(order, "claim", claim.claim_id, message).now(ctx, claims=(*order.state.claims, claim))
    if not message.decided:
        return Decision(asked, [partial(ClaimRequested, claim=claim)])
    done, events = grant(asked, claim, ctx)
    return Decision(done, [partial(ClaimRequested, claim=done.state.claims[-1]), *events])


def decide(order: Order, message: ClaimDecided, ctx: Context) -> Decision[Order]:
    move, status = ANSWERS[message.decision]
    permit(order, move, ctx)
    claim = next((c for c in order.state.claims if c.claim_id == message.claim_id), None)
    if claim is None:
        raise unknown(order, ctx, f"claim {message.claim_id} is not known", "claim_id")
    if claim.status is status:
        return Decision(order)
    if claim.status is not ClaimStatus.CANCEL_REQUEST:
        raise illegal(order, ctx, f"claim {claim.claim_id} is {claim.status}")
    if message.decision is ClaimDecision.APPROVED:
        return Decision(*grant(order, claim, ctx))
    closed = claim.model_copy(update={"status": status, "closed_at": ctx.now})
    told = ClaimRejected if message.decision is ClaimDecision.REJECTED else ClaimWithdrawn
    return Decision(order.now(ctx, claims=replaced(order.state.claims, closed)), [partial(told, claim=closed)])


def grant(order: Order, claim: Claim, ctx: Context) -> tuple[Order, list[Announcement]]:
    """Cancels the claim's units and closes it."""
    after, events = cancel(order, as_units(claim.lines), claim.reason, ctx, claim_id=claim.claim_id)
    refund_id = next((refund.refund_id for refund in after.state.refunds if refund.claim_id == claim.claim_id), None)
    done = claim.model_copy(
        update={"status": ClaimStatus.CANCEL_DONE, "closed_at": ctx.now, "refund_id": refund_id},
    )
    closed = after.now(ctx, claims=replaced(order.state.claims, done))
    return closed, [partial(ClaimApproved, claim=done), partial(ClaimCompleted, claim=done), *events]


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
    after = tuple(_without(claim, to_take, ctx) if claim.closed_at is None else claim for claim in claims)
    return after, tuple(new for new, old in zip(after, claims, strict=True) if new is not old)


def _without(claim: Claim, to_take: Counter[str], ctx: Context) -> Claim:
    parts = as_units(claim.lines)
    given = {line_id: min(quantity, to_take[line_id]) for line_id, quantity in parts.items()}
    if not any(given.values()):
        return claim
    to_take.subtract(given)
    rest = {line_id: quantity - given[line_id] for line_id, quantity in parts.items() if quantity > given[line_id]}
    if rest:
        return claim.model_copy(update={"lines": as_lines(rest)})
    return claim.model_copy(update={"status": ClaimStatus.WITHDRAWN, "closed_at": ctx.now})


def replaced(claims: Sequence[Claim], changed: Claim) -> tuple[Claim, ...]:
    return tuple(changed if claim.claim_id == changed.claim_id else claim for claim in claims)
