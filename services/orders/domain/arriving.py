"""Which units arrived. A unit that came back from its way no parcel will ever bring: nobody waits for it."""

from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate

from shared.contracts.order_state import ClaimStatus, LineState, LineUnits, OrderState, Shipment

DONE = (ClaimStatus.RETURN_DONE, ClaimStatus.EXCHANGE_DONE)
Moved = tuple[datetime, int]
"""When, and how many units."""


def arrived(line: LineState, state: OrderState) -> int:
    """Units that arrived, or came back before they could."""
    if line.delivered == line.shipped or not (returns := _returns(line.line_id, state)):
        return line.delivered
    return min(line.shipped, line.delivered + _back_from_transit(line.line_id, returns, state))


def parcels(state: OrderState) -> tuple[Shipment, ...]:
    """All that left, what exchanges sent included."""
    return (*state.shipments, *(claim.replacement for claim in state.claims if claim.replacement is not None))


def arrivals(line_id: str, state: OrderState) -> list[Moved]:
    """Of a line's units, and of those that exchanges sent in their place."""
    return [(p.delivered_at, units) for p in parcels(state) if p.delivered_at and (units := _of(line_id, p.lines))]


def _returns(line_id: str, state: OrderState) -> list[Moved]:
    return [
        (back_at, units)
        for claim in state.claims
        if claim.status in DONE
        and (back_at := claim.collected_at or claim.closed_at)
        and (units := _of(line_id, claim.lines))
    ]


def _back_from_transit(line_id: str, returns: list[Moved], state: OrderState) -> int:
    """The most by which what had come back was ever more than what had arrived by then.

    Claims do not name parcels: as long as enough units had arrived, those are taken for the ones that came back.
    """
    came = [(at, -units) for at, units in arrivals(line_id, state)]
    return max(accumulate((units for _, units in sorted([*came, *returns])), initial=0))


def _of(line_id: str, lines: Sequence[LineUnits]) -> int:
    return sum(part.quantity for part in lines if part.line_id == line_id)
