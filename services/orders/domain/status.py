"""What follows from the counters, payments and claims of an order. No status is ever set anywhere else."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from services.orders.domain.arriving import arrived
from shared.contracts.order_state import (
    Claim,
    ClaimStatus,
    ClaimType,
    LineState,
    OrderState,
    OrderStatus,
    Refund,
    RefundStatus,
)

ADVANCE = (
    OrderStatus.PAYMENT_WAITING,
    OrderStatus.PAYED,
    OrderStatus.DELIVERING,
    OrderStatus.DELIVERED,
    OrderStatus.PURCHASE_DECIDED,
    OrderStatus.EXCHANGED,
    OrderStatus.RETURNED,
    OrderStatus.CANCELED_BY_NOPAYMENT,
    OrderStatus.CANCELED,
)
"""From the least to the most advanced; an order stands where its least advanced line stands."""
RANK = {status: rank for rank, status in enumerate(ADVANCE)}


def derived(state: OrderState) -> OrderState:
    claims = ClaimCounts(state.claims, state.refunds) if state.claims else None
    lines = tuple(_derived(line, claims, state) for line in state.lines)
    return state.model_copy(update={"lines": lines, "status": order_status(lines)})


def _derived(line: LineState, claims: "ClaimCounts | None", state: OrderState) -> LineState:
    counted = _same_or_changed(line, claims.of(line)) if claims else line
    status = line_status(counted, state, asked=claims.cancelled(line) if claims else 0)
    return counted if counted.status is status else counted.model_copy(update={"status": status})


def line_status(line: LineState, state: OrderState, *, asked: int) -> OrderStatus:
    """asked: units cancelled because somebody asked for it; in an order that expired the others are by the deadline."""
    alive = line.ordered - line.cancelled
    if alive == 0:
        by_deadline = state.expired_at is not None and asked < line.ordered
        return OrderStatus.CANCELED_BY_NOPAYMENT if by_deadline else OrderStatus.CANCELED
    if state.paid_at is None:
        return OrderStatus.PAYMENT_WAITING
    if line.shipped == 0:
        return OrderStatus.PAYED
    if line.returned == alive:
        return OrderStatus.RETURNED
    if arrived(line, state) < alive:
        return OrderStatus.DELIVERING
    return _status_of_arrived(line, alive - line.returned)


def _status_of_arrived(line: LineState, kept: int) -> OrderStatus:
    if line.decided + line.exchanged < kept:
        return OrderStatus.DELIVERED
    return OrderStatus.PURCHASE_DECIDED if line.decided else OrderStatus.EXCHANGED


def order_status(lines: tuple[LineState, ...]) -> OrderStatus:
    return min((line.status for line in lines), key=RANK.__getitem__)


class ClaimCounts:
    """Per line the status of the claim that says most of it now, and the units in claims that are open or done.

    A unit that was exchanged and is claimed again counts for the further claim: one of another option than was ordered
    is such a unit, and one of the same option where too few others are left.
    """

    def __init__(self, claims: Sequence[Claim], refunds: Sequence[Refund]) -> None:
        self.status: dict[str, ClaimStatus] = {}
        self.units: dict[str, Counter[str]] = {}
        self.options: dict[str, Counter[str | None]] = {}
        """Of which the units of a line are that are claimed or were."""
        owed = {refund.refund_id for refund in refunds if refund.status is not RefundStatus.SETTLED}
        for claim in sorted(claims, key=lambda claim: _says_more(claim, owed)):
            counter = _counter(claim)
            for part in claim.lines:
                if claim.status is not ClaimStatus.WITHDRAWN:
                    self.status[part.line_id] = _said_of_a_line(claim, owed)
                units = self.units.setdefault(part.line_id, Counter())
                units[counter] += part.quantity
                if counter in COUNTERS:
                    self.options.setdefault(part.line_id, Counter())[part.option_id] += part.quantity
                units["restocked"] += part.good if counter in DONE.values() else 0

    def of(self, line: LineState) -> dict[str, object]:
        units = self.units.get(line.line_id, NOTHING)
        counters: dict[str, object] = {name: units[name] for name in COUNTERS}
        if units["exchanged"]:
            claimed = units["return_open"] + units["returned"] + units["exchange_open"]
            again = sum(n for option, n in self.options[line.line_id].items() if option not in (None, line.option_id))
            counters["exchanged"] = min(units["exchanged"] - again, line.shipped - line.decided - claimed)
        return counters | {"claim_status": self.status.get(line.line_id)}

    def cancelled(self, line: LineState) -> int:
        return self.units.get(line.line_id, NOTHING)[ClaimStatus.CANCEL_DONE]


OPEN = {ClaimType.CANCEL: "cancel_open", ClaimType.RETURN: "return_open", ClaimType.EXCHANGE: "exchange_open"}
DONE = {ClaimStatus.RETURN_DONE: "returned", ClaimStatus.EXCHANGE_DONE: "exchanged"}
"""Units of a cancel that is done are counted as `cancelled` when they are taken out: others than claims do that too."""
COUNTERS = (*OPEN.values(), *DONE.values(), "restocked")
NOTHING = Counter[str]()


def _said_of_a_line(claim: Claim, owed: Collection[str]) -> ClaimStatus:
    """취소 처리 중: the units are cancelled, their money is not back yet."""
    granted = claim.status is ClaimStatus.CANCEL_DONE
    return ClaimStatus.CANCELING if granted and claim.refund_id in owed else claim.status


def _says_more(claim: Claim, owed: Collection[str]) -> tuple[bool, bool]:
    """What is owed first, for that is listed by what lines say; then what is open; then what was asked for last."""
    return _said_of_a_line(claim, owed) is ClaimStatus.CANCELING, claim.closed_at is None


def _counter(claim: Claim) -> str:
    return OPEN[claim.type] if claim.closed_at is None else DONE.get(claim.status, claim.status)


def _same_or_changed(line: LineState, derived: Mapping[str, object]) -> LineState:
    changed = {name: value for name, value in derived.items() if getattr(line, name) != value}
    return line.model_copy(update=changed) if changed else line
