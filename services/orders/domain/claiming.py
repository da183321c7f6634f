"""Claiming: something is asked back, and that is granted, refused or withdrawn."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from services.orders.domain import cancelling, exchanging, returning
from services.orders.domain.claim_steps import REJECTED, first, last
from services.orders.domain.claims import changed
from services.orders.domain.moves import Move, claim_to, illegal, known_claim, permit, require
from services.orders.domain.options import coming_back
from services.orders.domain.order import Order, free, unshipped, with_customer
from services.orders.domain.repeats import answered, is_repeat
from services.orders.domain.room import is_full
from services.orders.domain.units import none, wanted
from shared.contracts.inbox_orders import ClaimDecided, ClaimDecision, ClaimSubmitted
from shared.contracts.order_state import Claim, ClaimLine, ClaimStatus, ClaimType, LineState, Reason, StockStatus
from shared.contracts.orders import ClaimRejected, ClaimRequested, ClaimWithdrawn
from shared.runtime.decision import Announcement, Context, Decision, Invalid

MAX_CLAIMS = 50
OF_GOODS = {Reason.DROPPED_DELIVERY, Reason.BROKEN, Reason.WRONG_DELIVERY, Reason.WRONG_OPTION, Reason.ETC}
"""Reasons that speak of goods that arrived."""


class Rules(NamedTuple):
    """What sets the types of claims apart."""

    request: Move
    approve: Move
    reject: Move
    withdraw: Move
    reasons: frozenset[Reason]
    available: Callable[[LineState], int]
    ahead: Callable[[LineState], int]
    """Units that may still become available."""
    grant: Callable[[Order, Claim, Context], tuple[Order, list[Announcement]]]


RULES = {
    ClaimType.CANCEL: Rules(
        Move.REQUEST_CANCEL,
        Move.APPROVE_CANCEL,
        Move.REJECT_CANCEL,
        Move.WITHDRAW_CANCEL,
        frozenset(Reason) - OF_GOODS,
        free,
        none,
        cancelling.grant,
    ),
    ClaimType.RETURN: Rules(
        Move.REQUEST_RETURN,
        Move.APPROVE_RETURN,
        Move.REJECT_RETURN,
        Move.WITHDRAW_RETURN,
        frozenset(Reason),
        with_customer,
        unshipped,
        returning.grant,
    ),
    ClaimType.EXCHANGE: Rules(
        Move.REQUEST_EXCHANGE,
        Move.SEND_REPLACEMENT,
        Move.REJECT_EXCHANGE,
        Move.WITHDRAW_EXCHANGE,
        frozenset(Reason),
        with_customer,
        unshipped,
        exchanging.never_granted_at_once,
    ),
}


def request(order: Order, message: ClaimSubmitted, ctx: Context) -> Decision[Order]:
    rules = RULES[message.type]
    if message.reason not in rules.reasons:
        raise Invalid(f"{message.reason} is no reason to {message.type.lower()}", field="reason")
    exchanging.check_targets(message)
    if message.decided:
        permit(order, rules.approve, ctx)
    if is_repeat(order, "claim", message.claim_id, message, ctx):
        return Decision(order)
    require(order, rules.request, ctx)
    if len(order.state.claims) >= MAX_CLAIMS:
        raise illegal(order, ctx, f"an order takes at most {MAX_CLAIMS} claims", "claim_id")
    claim = _claim(order, message, rules, ctx)
    if message.type is not ClaimType.CANCEL and not message.decided:
        returning.check_window(order, claim, ctx, named=message.lines is not None)
    asked = answered(order, "claim", claim.claim_id, message).now(ctx, claims=(*order.state.claims, claim))
    if is_full(asked.state):
        raise illegal(order, ctx, "the order has no room for another claim", "claim_id")
    if not message.decided:
        return Decision(asked, [partial(ClaimRequested, claim=claim)])
    done, events = rules.grant(asked, claim, ctx)
    return Decision(done, [partial(ClaimRequested, claim=done.state.claims[-1]), *events])


def decide(order: Order, message: ClaimDecided, ctx: Context) -> Decision[Order]:
    permit(order, _move(RULES[ClaimType.CANCEL], message.decision), ctx)
    known = known_claim(order, message.claim_id, ctx)
    if known.status is _end(known.type, message.decision):
        return Decision(order)
    rules = RULES[known.type]
    if known.type is ClaimType.EXCHANGE and message.decision is ClaimDecision.APPROVED:
        raise illegal(order, ctx, "an exchange is granted by sending the replacement", "decision")
    claim = claim_to(order, _move(rules, message.decision), message.claim_id, ctx)
    if message.decision is ClaimDecision.APPROVED:
        returning.check_collected(order, claim, ctx, waived=message.waive_pickup)
        return Decision(*rules.grant(order, claim, ctx))
    closed = claim.model_copy(update={"status": _end(claim.type, message.decision), "closed_at": ctx.now})
    told = ClaimRejected if message.decision is ClaimDecision.REJECTED else ClaimWithdrawn
    return changed(order, closed, ctx, partial(told, claim=closed))


def _claim(order: Order, message: ClaimSubmitted, rules: Rules, ctx: Context) -> Claim:
    units = wanted(order, message.lines, rules.available, ctx, rules.ahead)
    targets = {line.line_id: line.target_option_id for line in message.lines or ()}
    options = {} if message.type is ClaimType.CANCEL else coming_back(order, message.lines, units, ctx)
    lines = tuple(
        ClaimLine(line_id=id, quantity=quantity, option_id=options.get(id), target_option_id=targets.get(id))
        for id, quantity in units.items()
    )
    return Claim(
        claim_id=message.claim_id,
        type=message.type,
        status=first(message.type),
        lines=lines,
        reason=message.reason,
        requested_at=ctx.now,
        replacement_stock=StockStatus.PENDING if message.type is ClaimType.EXCHANGE else None,
    )


def _move(rules: Rules, decision: ClaimDecision) -> Move:
    moves = {ClaimDecision.APPROVED: rules.approve, ClaimDecision.REJECTED: rules.reject}
    return moves.get(decision, rules.withdraw)


def _end(type: ClaimType, decision: ClaimDecision) -> ClaimStatus:
    ends = {ClaimDecision.APPROVED: last(type), ClaimDecision.REJECTED: REJECTED[type]}
    return ends.get(decision, ClaimStatus.WITHDRAWN)
