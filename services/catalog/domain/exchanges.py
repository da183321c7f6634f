"""What exchanges of an order do to the shelves: other options leave than were ordered, and other options come back."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from shared.contracts.catalog import ReservationState, ReservationStatus
from shared.contracts.order_state import Claim, ClaimLine, ClaimStatus, ClaimType, LineState, OrderState

DONE = (ClaimStatus.RETURN_DONE, ClaimStatus.EXCHANGE_DONE)


@dataclass
class Units:
    """Of one option of a line, beside what was ordered of it."""

    reserved: int = 0
    committed: int = 0
    restocked: int = 0


def has_exchanges(order: OrderState) -> bool:
    return any(part.target_option_id for claim in order.claims for part in claim.lines)


def granted(reservation: ReservationState | None) -> frozenset[str]:
    """The exchanges whose replacement is reserved."""
    known = reservation.replacements if reservation else ()
    return frozenset(one.claim_id for one in known if one.status is ReservationStatus.RESERVED)


def asked(reservation: ReservationState | None, order: OrderState) -> list[Claim]:
    """The exchanges that wait for a replacement; one that was refused asks again with every later event."""
    if reservation is None:
        return []
    has = granted(reservation)
    return [claim for claim in order.claims if _waits(claim) and claim.claim_id not in has]


def lines_by_option(
    lines: Sequence[LineState], claims: Iterable[Claim], having: Collection[str]
) -> Iterator[LineState]:
    """The lines as if each option had been ordered by itself: `having` names the exchanges with a reservation."""
    units = _units(claims, having)
    for line in lines:
        own = units.pop((line.line_id, line.option_id), Units())
        yield line.model_copy(
            update={
                "ordered": line.ordered + own.reserved + own.committed,
                "shipped": line.shipped + own.committed,
                "restocked": own.restocked,
            }
        )
    by_id = {line.line_id: line for line in lines}
    for (line_id, option_id), more in units.items():
        yield by_id[line_id].model_copy(
            update={
                "option_id": option_id,
                "ordered": more.reserved + more.committed,
                "cancelled": 0,
                "shipped": more.committed,
                "restocked": more.restocked,
            }
        )


def _units(claims: Iterable[Claim], having: Collection[str]) -> dict[tuple[str, str], Units]:
    """Also of claims that came to nothing, so that what they had reserved is given back."""
    units: defaultdict[tuple[str, str], Units] = defaultdict(Units)
    for claim in claims:
        for part in claim.lines:
            if part.option_id and claim.status in DONE:
                units[part.line_id, part.option_id].restocked += part.good
            if part.target_option_id:
                _add_replacement(units[part.line_id, part.target_option_id], claim, part, having)
    return units


def _add_replacement(units: Units, claim: Claim, part: ClaimLine, having: Collection[str]) -> None:
    if claim.replacement is not None:
        units.committed += part.quantity
    elif _waits(claim) and claim.claim_id in having:
        units.reserved += part.quantity


def _waits(claim: Claim) -> bool:
    return claim.type is ClaimType.EXCHANGE and claim.closed_at is None and claim.replacement is None
