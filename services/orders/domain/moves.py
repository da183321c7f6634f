"""Who may do what with an order, and when: the table of what a reply offers.

Requests are refused by it, too. What is told of the past, such as a payment, has only to come from one who may tell it;
in which states it is taken, its own module says.
"""

from enum import StrEnum

from services.orders.domain import claim_steps, guards
from services.orders.domain.claim_steps import Step
from services.orders.domain.guards import SELLER, Guard
from services.orders.domain.order import Order, is_held
from shared.contracts.order_state import Claim, OrderState
from shared.runtime.decision import Context, IllegalMove, NotYet, Unknown


class Move(StrEnum):
    PAY = "pay"
    CONFIRM = "confirm"
    DELAY = "delay"
    CHANGE_RECIPIENT = "change_recipient"
    SHIP = "ship"
    CORRECT_TRACKING = "correct_tracking"
    DELIVER = "deliver"
    DECIDE_PURCHASE = "decide_purchase"
    REQUEST_CANCEL = "request_cancel"
    APPROVE_CANCEL = "approve_cancel"
    REJECT_CANCEL = "reject_cancel"
    WITHDRAW_CANCEL = "withdraw_cancel"
    REQUEST_RETURN = "request_return"
    REQUEST_EXCHANGE = "request_exchange"
    START_PICKUP = "start_pickup"
    COLLECT = "collect"
    HOLD_CLAIM = "hold_claim"
    RELEASE_CLAIM = "release_claim"
    APPROVE_RETURN = "approve_return"
    REJECT_RETURN = "reject_return"
    WITHDRAW_RETURN = "withdraw_return"
    SEND_REPLACEMENT = "send_replacement"
    FINISH_EXCHANGE = "finish_exchange"
    REJECT_EXCHANGE = "reject_exchange"
    WITHDRAW_EXCHANGE = "withdraw_exchange"
    CONVERT_TO_RETURN = "convert_to_return"
    REFUND = "refund"
    ANSWER_REFUND = "answer_refund"
    RETRY_REFUND = "retry_refund"


SHOP = SELLER | {"system"}
ANYONE = SHOP | {"buyer"}

STEPS: dict[Move, tuple[frozenset[str], Step]] = {
    Move.APPROVE_CANCEL: (SHOP, claim_steps.DECIDE_CANCEL),
    Move.REJECT_CANCEL: (SHOP, claim_steps.DECIDE_CANCEL),
    Move.WITHDRAW_CANCEL: (ANYONE, claim_steps.DECIDE_CANCEL),
    Move.START_PICKUP: (SHOP, claim_steps.START_PICKUP),
    Move.COLLECT: (SHOP, claim_steps.COLLECT),
    Move.HOLD_CLAIM: (SELLER, claim_steps.HOLD),
    Move.RELEASE_CLAIM: (SELLER, claim_steps.RELEASE),
    Move.APPROVE_RETURN: (SHOP, claim_steps.APPROVE_RETURN),
    Move.REJECT_RETURN: (SHOP, claim_steps.REJECT_RETURN),
    Move.WITHDRAW_RETURN: (ANYONE, claim_steps.WITHDRAW_RETURN),
    Move.SEND_REPLACEMENT: (SHOP, claim_steps.SEND_REPLACEMENT),
    Move.FINISH_EXCHANGE: (SHOP, claim_steps.FINISH_EXCHANGE),
    Move.REJECT_EXCHANGE: (SHOP, claim_steps.REJECT_EXCHANGE),
    Move.WITHDRAW_EXCHANGE: (ANYONE, claim_steps.WITHDRAW_EXCHANGE),
    Move.CONVERT_TO_RETURN: (SELLER, claim_steps.CONVERT),
}
"""Moves of one claim."""

OF_THE_ORDER: dict[Move, tuple[frozenset[str], Guard]] = {
    Move.PAY: (SHOP, guards.can_be_paid),
    Move.CONFIRM: (SELLER, guards.can_be_confirmed),
    Move.DELAY: (SHOP, guards.can_be_delayed),
    Move.CHANGE_RECIPIENT: (SELLER | {"buyer"}, guards.nothing_has_left),
    Move.SHIP: (SHOP, guards.can_be_shipped),
    Move.CORRECT_TRACKING: (SHOP, guards.is_on_its_way),
    Move.DELIVER: (SHOP, guards.is_on_its_way),
    Move.DECIDE_PURCHASE: (frozenset({"buyer"}), guards.can_be_decided),
    Move.REQUEST_CANCEL: (ANYONE, guards.has_free_units),
    Move.REQUEST_RETURN: (ANYONE, guards.has_units_with_customer),
    Move.REQUEST_EXCHANGE: (ANYONE, guards.has_units_with_customer),
    Move.REFUND: (SHOP, guards.has_money_left),
    Move.ANSWER_REFUND: (SHOP, guards.has_a_refund_requested),
    Move.RETRY_REFUND: (SELLER, guards.has_a_failed_refund_still_owed),
}


OF_ITS_CLAIMS = {move: (who, guards.has_claim_open_to(step)) for move, (who, step) in STEPS.items()}
MOVES = {move: (OF_THE_ORDER | OF_ITS_CLAIMS)[move] for move in Move}


def allowed_actions(state: OrderState, role: str) -> list[Move]:
    return [move for move, (who, guard) in MOVES.items() if role in who and guard(state, role) is None]


def open_to(order: Order, role: str) -> list[Move]:
    """Of what the order's public state allows; where its customer was erased nobody names a recipient again."""
    allowed = allowed_actions(order.state, role)
    return allowed if order.erased_at is None else [move for move in allowed if move is not Move.CHANGE_RECIPIENT]


def permit(order: Order, move: Move, ctx: Context) -> None:
    """Refuses one who may never do this."""
    who, _ = MOVES[move]
    if ctx.actor.role not in who:
        raise illegal(order, ctx, f"{ctx.actor.role} may not {move.replace('_', ' ')}")


def require(order: Order, move: Move, ctx: Context) -> None:
    """Refuses one who may never do this, and the move where the order's state does not allow it."""
    permit(order, move, ctx)
    _, guard = MOVES[move]
    obstacle = guard(order.state, ctx.actor.role)
    if obstacle is not None:
        raise obstacle.error(obstacle.sentence, allowed=open_to(order, ctx.actor.role))


def claim_to(order: Order, move: Move, claim_id: str, ctx: Context) -> Claim:
    """The claim that a step is taken with, where it may be taken."""
    claim = known_claim(order, claim_id, ctx)
    _, step = STEPS[move]
    if step.is_open_to(claim, ctx.actor.role):
        return claim
    sentence = f"claim {claim_id} is a {claim.type.lower()} and {claim.status}"
    if is_held(claim) and step.held is False:
        raise not_yet(order, ctx, f"claim {claim_id} is on hold: release it first", "claim_id")
    if step.reserved and claim.status in step.sources and step.is_for(claim):
        raise not_yet(order, ctx, "the catalog has not reserved the replacement", "claim_id")
    raise (not_yet if step.is_for(claim) and step.is_ahead_of(claim) else illegal)(order, ctx, sentence, "claim_id")


def known_claim(order: Order, claim_id: str, ctx: Context) -> Claim:
    claim = next((claim for claim in order.state.claims if claim.claim_id == claim_id), None)
    if claim is None:
        raise unknown(order, ctx, f"claim {claim_id} is not known", "claim_id")
    return claim


def illegal(order: Order, ctx: Context, sentence: str, field: str | None = None) -> IllegalMove:
    return IllegalMove(sentence, field=field, allowed=open_to(order, ctx.actor.role))


def not_yet(order: Order, ctx: Context, sentence: str, field: str | None = None) -> NotYet:
    return NotYet(sentence, field=field, allowed=open_to(order, ctx.actor.role))


def unknown(order: Order, ctx: Context, sentence: str, field: str | None = None) -> Unknown:
    """Something of the order that is not known yet: a parcel, a claim, a refund."""
    return Unknown(sentence, field=field, allowed=open_to(order, ctx.actor.role))
