"""Who may do what with an order, and when: one table for what a reply lists as allowed and for what is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from services.orders.domain.amounts import left_to_refund
from services.orders.domain.order import Order, free, is_cancelled, is_confirmed, nothing_to_ship, open_claims
from shared.contracts.orders import OrderState, OrderStatus, RefundStatus, StockStatus
from shared.runtime.decision import Context, IllegalMove, NotYet, Unknown


class Move(StrEnum):
    PAY = "pay"
    CONFIRM = "confirm"
    SHIP = "ship"
    CORRECT_TRACKING = "correct_tracking"
    DELIVER = "deliver"
    REQUEST_CANCEL = "request_cancel"
    APPROVE_CANCEL = "approve_cancel"
    REJECT_CANCEL = "reject_cancel"
    WITHDRAW_CANCEL = "withdraw_cancel"
    REFUND = "refund"
    ANSWER_REFUND = "answer_refund"
    RETRY_REFUND = "retry_refund"


@dataclass(frozen=True)
class Obstacle:
    """Why a move is refused: NotYet if a state still ahead allows it, else IllegalMove."""

    error: type[NotYet] | type[IllegalMove]
    sentence: str


Guard = Callable[[OrderState, str], Obstacle | None]
"""Judges an order's state for an actor's role."""


def _never(sentence: str) -> Obstacle:
    return Obstacle(IllegalMove, sentence)


def _too_early(sentence: str) -> Obstacle:
    return Obstacle(NotYet, sentence)


def _can_be_paid(state: OrderState, _role: str) -> Obstacle | None:
    return None if state.status is OrderStatus.PAYMENT_WAITING else _never("nothing is due")


def _can_be_confirmed(state: OrderState, role: str) -> Obstacle | None:
    obstacle = _can_be_shipped(state, role)
    if obstacle is None and open_claims(state):
        return _too_early("a cancel request is open: decide it first")
    if obstacle is None and is_confirmed(state):
        return _never("the order is confirmed already")
    return obstacle


def _can_be_shipped(state: OrderState, role: str) -> Obstacle | None:
    if is_cancelled(state):
        return _never("the order is cancelled")
    if nothing_to_ship(state):
        return _never("nothing is left to ship")
    if state.paid_at is None:
        return _too_early("the order is not paid")
    if role in SELLER and state.stock is StockStatus.PENDING:
        return _too_early("the catalog has not reserved the stock")
    return None


def _is_on_its_way(state: OrderState, _role: str) -> Obstacle | None:
    if any(shipment.delivered_at is None for shipment in state.shipments):
        return None
    return _never("no parcel is on its way") if nothing_to_ship(state) else _too_early("no parcel is on its way")


def _has_free_units(state: OrderState, _role: str) -> Obstacle | None:
    return None if any(map(free, state.lines)) else _never("nothing is left to cancel")


def _has_open_claim(state: OrderState, _role: str) -> Obstacle | None:
    return None if open_claims(state) else _never("no cancel request is open")


def _has_money_left(state: OrderState, _role: str) -> Obstacle | None:
    if state.paid_at is None:
        return _never("the order was never paid") if is_cancelled(state) else _too_early("the order is not paid")
    return None if left_to_refund(state) else _never("everything that was paid is refunded")


def _has_refund(status: RefundStatus) -> Guard:
    def guard(state: OrderState, _role: str) -> Obstacle | None:
        found = any(refund.status is status for refund in state.refunds)
        return None if found else _never(f"no refund is {status}")

    return guard


SELLER = frozenset({"seller", "agent"})
SHOP = SELLER | {"system"}
ANYONE = SHOP | {"buyer"}

MOVES: dict[Move, tuple[frozenset[str], Guard]] = {
    Move.PAY: (SHOP, _can_be_paid),
    Move.CONFIRM: (SELLER, _can_be_confirmed),
    Move.SHIP: (SHOP, _can_be_shipped),
    Move.CORRECT_TRACKING: (SHOP, _is_on_its_way),
    Move.DELIVER: (SHOP, _is_on_its_way),
    Move.REQUEST_CANCEL: (ANYONE, _has_free_units),
    Move.APPROVE_CANCEL: (SHOP, _has_open_claim),
    Move.REJECT_CANCEL: (SHOP, _has_open_claim),
    Move.WITHDRAW_CANCEL: (ANYONE, _has_open_claim),
    Move.REFUND: (SHOP, _has_money_left),
    Move.ANSWER_REFUND: (SHOP, _has_refund(RefundStatus.REQUESTED)),
    Move.RETRY_REFUND: (SELLER, _has_refund(RefundStatus.FAILED)),
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
