"""What stands against a move in an order's state."""

from collections.abc import Callable
from dataclasses import dataclass

from services.orders.domain.amounts import left, left_to_refund
from services.orders.domain.arriving import arrived, parcels
from services.orders.domain.claim_steps import Step
from services.orders.domain.order import (
    alive,
    exchanged_to_decide,
    free,
    is_cancelled,
    is_confirmed,
    may_send,
    nothing_to_ship,
    open_cancels,
    open_claims,
    undecided,
    with_customer,
)
from shared.contracts.order_state import OrderState, OrderStatus, RefundStatus, StockStatus
from shared.runtime.decision import IllegalMove, NotYet

SELLER = frozenset({"seller", "agent"})


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


def can_be_paid(state: OrderState, _role: str) -> Obstacle | None:
    return None if state.status is OrderStatus.PAYMENT_WAITING else _never("nothing is due")


def can_be_confirmed(state: OrderState, role: str) -> Obstacle | None:
    obstacle = can_be_shipped(state, role)
    if obstacle is None and open_cancels(state):
        return _too_early("a cancel request is open: decide it first")
    if obstacle is None and is_confirmed(state):
        return _never("the order is confirmed already")
    return obstacle


def can_be_delayed(state: OrderState, _role: str) -> Obstacle | None:
    obstacle = _waits_to_be_shipped(state)
    if obstacle is None and open_cancels(state):
        return _too_early("a cancel request is open: decide it first")
    return obstacle


def can_be_shipped(state: OrderState, role: str) -> Obstacle | None:
    obstacle = _waits_to_be_shipped(state)
    if obstacle is None and role in SELLER and state.stock is StockStatus.PENDING:
        return _too_early("the catalog has not reserved the stock")
    return obstacle


def _waits_to_be_shipped(state: OrderState) -> Obstacle | None:
    if is_cancelled(state):
        return _never("the order is cancelled")
    if nothing_to_ship(state):
        return _never("nothing is left to ship")
    return _too_early("the order is not paid") if state.paid_at is None else None


def nothing_has_left(state: OrderState, _role: str) -> Obstacle | None:
    if is_cancelled(state):
        return _never("the order is cancelled")
    return _never("a parcel has left already") if state.shipments else None


def is_on_its_way(state: OrderState, _role: str) -> Obstacle | None:
    if any(parcel.delivered_at is None for parcel in parcels(state)):
        return None
    return (_too_early if may_send(state) else _never)("no parcel is on its way")


def can_be_decided(state: OrderState, _role: str) -> Obstacle | None:
    if open_claims(state):
        return _too_early("a claim is open: it has to be decided first")
    if any(undecided(line, state) for line in state.lines) or exchanged_to_decide(state):
        return None
    on_its_way = any(arrived(line, state) < alive(line) for line in state.lines)
    return _too_early("nothing has arrived yet") if on_its_way else _never("nothing is left to decide")


def has_free_units(state: OrderState, _role: str) -> Obstacle | None:
    return None if any(map(free, state.lines)) else _never("nothing is left to cancel")


def has_units_with_customer(state: OrderState, _role: str) -> Obstacle | None:
    if state.exchanges_decided_at is None and any(with_customer(line) > 0 for line in state.lines):
        return None
    if not nothing_to_ship(state):
        return _too_early("nothing has left yet")
    if state.exchanges_decided_at is not None or any(line.decided for line in state.lines):
        return _never("what the customer has is kept for good: money goes back as goodwill, by a refund of its own")
    return _never("nothing is with the customer")


def has_claim_open_to(step: Step) -> Guard:
    def guard(state: OrderState, role: str) -> Obstacle | None:
        found = any(step.is_open_to(claim, role) for claim in state.claims)
        return None if found else _never("no claim is where this can be done")

    return guard


def has_money_left(state: OrderState, _role: str) -> Obstacle | None:
    if state.paid_at is None:
        return _never("the order was never paid") if is_cancelled(state) else _too_early("the order is not paid")
    return None if left_to_refund(state) else _never("everything that was paid is refunded")


def has_a_refund_requested(state: OrderState, _role: str) -> Obstacle | None:
    found = any(refund.status is RefundStatus.REQUESTED for refund in state.refunds)
    return None if found else _never("no refund is REQUESTED")


def has_a_failed_refund_still_owed(state: OrderState, _role: str) -> Obstacle | None:
    failed = [refund for refund in state.refunds if refund.status is RefundStatus.FAILED]
    found = any(left(state).exceeded(refund) is None for refund in failed)
    return None if found else _never("no refund is FAILED and still owed")
