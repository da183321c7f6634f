"""What follows from the counters, payments and claims of an order. No status is ever set anywhere else."""

from collections import Counter
from collections.abc import Mapping

from shared.contracts.orders import ClaimStatus, LineState, OrderState, OrderStatus

ADVANCE = (
    OrderStatus.PAYMENT_WAITING,
    OrderStatus.PAYED,
    OrderStatus.DELIVERING,
    OrderStatus.DELIVERED,
    OrderStatus.PURCHASE_DECIDED,
    OrderStatus.EXCHANGED,
    OrderStatus.RETURNED,
    OrderStatus.CANCELED,
    OrderStatus.CANCELED_BY_NOPAYMENT,
)
"""From the least to the most advanced; an order stands where its least advanced line stands."""
RANK = {status: rank for rank, status in enumerate(ADVANCE)}


def derived(state: OrderState) -> OrderState:
    claim_status, cancel_open = _by_claims(state)
    paid, expired = state.paid_at is not None, state.expired_at is not None
    lines = tuple(
        _same_or_changed(
            line,
            status=line_status(line, paid=paid, expired=expired),
            claim_status=claim_status.get(line.line_id),
            cancel_open=cancel_open[line.line_id],
        )
        for line in state.lines
    )
    return state.model_copy(update={"lines": lines, "status": order_status(lines)})


def line_status(line: LineState, *, paid: bool, expired: bool) -> OrderStatus:
    alive = line.ordered - line.cancelled
    if alive == 0:
        return OrderStatus.CANCELED_BY_NOPAYMENT if expired else OrderStatus.CANCELED
    if not paid:
        return OrderStatus.PAYMENT_WAITING
    if line.shipped == 0:
        return OrderStatus.PAYED
    if line.delivered < alive:
        return OrderStatus.DELIVERING
    return _status_of_arrived(line, alive - line.returned)


def _status_of_arrived(line: LineState, kept: int) -> OrderStatus:
    if kept == 0:
        return OrderStatus.RETURNED
    if line.decided + line.exchanged < kept:
        return OrderStatus.DELIVERED
    return OrderStatus.PURCHASE_DECIDED if line.decided else OrderStatus.EXCHANGED


def order_status(lines: tuple[LineState, ...]) -> OrderStatus:
    return min((line.status for line in lines), key=RANK.__getitem__)


def _by_claims(state: OrderState) -> tuple[Mapping[str, ClaimStatus], Counter[str]]:
    """Per line the status of its latest claim that stood, and the units that open claims ask to cancel."""
    status: dict[str, ClaimStatus] = {}
    open_units: Counter[str] = Counter()
    for claim in state.claims:
        for part in claim.lines:
            if claim.status is not ClaimStatus.WITHDRAWN:
                status[part.line_id] = claim.status
            if claim.closed_at is None:
                open_units[part.line_id] += part.quantity
    return status, open_units


def _same_or_changed(line: LineState, **derived: object) -> LineState:
    changed = {name: value for name, value in derived.items() if getattr(line, name) != value}
    return line.model_copy(update=changed) if changed else line
