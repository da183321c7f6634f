"""Who may do what with an order, and when: one table for what a reply lists as allowed and for what is refused."""

from enum import StrEnum

from services.orders.domain import guards
from services.orders.domain.guards import SELLER, Guard
from services.orders.domain.order import Order
from shared.contracts.orders import OrderState, RefundStatus
from shared.runtime.decision import Context, IllegalMove, NotYet, Unknown


class Move(StrEnum):
    PAY = "pay"
    CONFIRM = "confirm"
    DELAY = "delay"
    SHIP = "ship"
    CORRECT_TRACKING = "correct_tracking"
    DELIVER = "deliver"
    DECIDE_PURCHASE = "decide_purchase"
    REQUEST_CANCEL = "request_cancel"
    APPROVE_CANCEL = "approve_cancel"
    REJECT_CANCEL = "reject_cancel"
    WITHDRAW_CANCEL = "withdraw_cancel"
    REFUND = "refund"
    ANSWER_REFUND = "answer_refund"
    RETRY_REFUND = "retry_refund"


SHOP = SELLER | {"system"}
ANYONE = SHOP | {"buyer"}

MOVES: dict[Move, tuple[frozenset[str], Guard]] = {
    Move.PAY: (SHOP, guards.can_be_paid),
    Move.CONFIRM: (SELLER, guards.can_be_confirmed),
    Move.DELAY: (SHOP, guards.can_be_delayed),
    Move.SHIP: (SHOP, guards.can_be_shipped),
    Move.CORRECT_TRACKING: (SHOP, guards.is_on_its_way),
    Move.DELIVER: (SHOP, guards.is_on_its_way),
    Move.DECIDE_PURCHASE: (frozenset({"buyer"}), guards.can_be_decided),
    Move.REQUEST_CANCEL: (ANYONE, guards.has_free_units),
    Move.APPROVE_CANCEL: (SHOP, guards.has_open_claim),
    Move.REJECT_CANCEL: (SHOP, guards.has_open_claim),
    Move.WITHDRAW_CANCEL: (ANYONE, guards.has_open_claim),
    Move.REFUND: (SHOP, guards.has_money_left),
    Move.ANSWER_REFUND: (SHOP, guards.has_refund(RefundStatus.REQUESTED)),
    Move.RETRY_REFUND: (SELLER, guards.has_refund(RefundStatus.FAILED)),
}


def allowed_actions(state: OrderState, role: str) -> list[Move]:
    return [move for move, (who, guard) in MOVES.items() if role in who and guard(state, role) is None]


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
        raise obstacle.error(obstacle.sentence, allowed=allowed_actions(order.state, ctx.actor.role))


def illegal(order: Order, ctx: Context, sentence: str, field: str | None = None) -> IllegalMove:
    return IllegalMove(sentence, field=field, allowed=allowed_actions(order.state, ctx.actor.role))


def not_yet(order: Order, ctx: Context, sentence: str, field: str | None = None) -> NotYet:
    return NotYet(sentence, field=field, allowed=allowed_actions(order.state, ctx.actor.role))


def unknown(order: Order, ctx: Context, sentence: str, field: str | None = None) -> Unknown:
    """Something of the order that is not known yet: a parcel, a claim, a refund."""
    return Unknown(sentence, field=field, allowed=allowed_actions(order.state, ctx.actor.role))
