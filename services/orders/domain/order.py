"""The order: one aggregate holding its lines, payments, shipments, claims and refunds."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from services.orders.domain.arriving import arrived
from services.orders.domain.policy import policy
from services.orders.domain.status import derived
from shared.contracts.base import Contract, Utc
from shared.contracts.inbox_orders import Recipient
from shared.contracts.order_state import (
    Claim,
    ClaimType,
    LineState,
    LineUnits,
    OrderState,
    OrderStatus,
    PlaceStatus,
    Shipment,
)
from shared.runtime.decision import Context

KEPT = (OrderStatus.PURCHASE_DECIDED, OrderStatus.EXCHANGED)
"""Of an order of which nothing is left to decide but what exchanges sent."""
Units = Mapping[str, int]
"""How many units of which line."""


class Order(Contract):
    state: OrderState
    recipient: Recipient | None = None
    """Personal, so outside the public state."""
    answered: Mapping[str, str] = {}
    """Fingerprints of what senders told under ids of their own (`shipment/<id>`), to know an exact repeat for ever."""
    erased_at: Utc | None = None
    """When its customer was erased: it has no recipient since, and gets none."""

    def now(self, ctx: Context, **changes: Any) -> "Order":
        """The order with some parts of its public state replaced and everything that follows from them derived."""
        state = derived(self.state.model_copy(update=changes))
        moved = state.status is not self.state.status or state.claims is not self.state.claims
        if moved and (state.status is OrderStatus.DELIVERED or exchanged_to_decide(state)):
            state = state.model_copy(update={"decide_at": _decide_at(state, ctx)})
        if state.overdue_since is not None and nothing_to_ship(state):
            state = state.model_copy(update={"overdue_since": None})
        return self.model_copy(update={"state": state})


def _decide_at(state: OrderState, ctx: Context) -> datetime:
    """The buyer has the whole time again after a return or exchange that came to an end."""
    delivered = [s.delivered_at for s in state.shipments if s.delivered_at is not None]
    closed = [c.closed_at for c in state.claims if c.type is not ClaimType.CANCEL and c.closed_at is not None]
    return max(delivered + closed) + timedelta(days=policy(ctx).decide_after_days)


def alive(line: LineState) -> int:
    return line.ordered - line.cancelled


def unshipped(line: LineState) -> int:
    """Units that still have to be sent."""
    return line.ordered - line.cancelled - line.shipped


def to_send(state: OrderState) -> Units:
    return {line.line_id: unshipped(line) for line in state.lines if unshipped(line)}


def free(line: LineState) -> int:
    """Units that still have to be sent and that nobody has asked to cancel."""
    return unshipped(line) - line.cancel_open


def with_customer(line: LineState) -> int:
    """Units that have left and that nobody asks back."""
    return line.shipped - line.decided - line.return_open - line.returned - line.exchange_open


def undecided(line: LineState, state: OrderState) -> int:
    """Units that have arrived, that nobody claims, and that are not said to be kept."""
    claimed = line.return_open + line.returned + line.exchange_open + line.exchanged
    return max(0, arrived(line, state) - line.decided - claimed)


def exchanged_to_decide(state: OrderState) -> Units:
    """Units that exchanges sent, that nobody claims, and that are not said to be kept: those go last."""
    if state.exchanges_decided_at is not None or state.status not in KEPT:
        return {}
    return {line.line_id: line.exchanged for line in state.lines if line.exchanged}


def is_cancelled(state: OrderState) -> bool:
    return not any(map(alive, state.lines))


def nothing_to_ship(state: OrderState) -> bool:
    return not any(map(unshipped, state.lines))


def may_send(state: OrderState) -> bool:
    """Whether a parcel may still leave: with units of the order, or in exchange for some not kept for good."""
    if state.exchanges_decided_at is not None:
        return False
    return any(unshipped(line) or line.shipped > line.decided + line.returned for line in state.lines)


def is_confirmed(state: OrderState) -> bool:
    """Whether the seller has taken on everything that still has to be sent."""
    to_send = [line for line in state.lines if unshipped(line)]
    return bool(to_send) and all(line.place_status is PlaceStatus.OK for line in to_send)


def open_claims(state: OrderState) -> tuple[Claim, ...]:
    return tuple(claim for claim in state.claims if claim.closed_at is None)


def open_cancels(state: OrderState) -> tuple[Claim, ...]:
    return tuple(claim for claim in open_claims(state) if claim.type is ClaimType.CANCEL)


def is_held(claim: Claim) -> bool:
    return claim.hold is not None and claim.hold.released_at is None


def nothing_kept(state: OrderState) -> bool:
    return all(line.ordered == line.cancelled + line.returned for line in state.lines)


def shipment_of(state: OrderState, shipment_id: str) -> Shipment | None:
    return next((s for s in state.shipments if s.shipment_id == shipment_id), None)


def as_lines(units: Units) -> tuple[LineUnits, ...]:
    return tuple(LineUnits(line_id=line_id, quantity=quantity) for line_id, quantity in units.items())


def as_units(lines: Iterable[LineUnits]) -> Units:
    return {line.line_id: line.quantity for line in lines}


def counted(lines: Iterable[LineState], units: Units, *counters: str) -> tuple[LineState, ...]:
    """The lines with `units` added to some of their counters."""
    return tuple(
        line.model_copy(update={name: getattr(line, name) + units[line.line_id] for name in counters})
        if line.line_id in units
        else line
        for line in lines
    )
