"""Answers what exchanges ask for: each by itself all or none, and only what has changed is told."""

from collections.abc import Iterator, Mapping, Sequence

from services.catalog.domain.exchanges import asked, granted
from services.catalog.domain.product import Product
from services.catalog.domain.reservation import changes, gravest, lines_to_settle, shortages
from shared.contracts.catalog import Replacement, ReservationState, ReservationStatus, Shortage
from shared.contracts.order_state import Claim, OrderState


def answered_exchanges(
    reservation: ReservationState | None, order: OrderState, products: Mapping[str, Product]
) -> Sequence[Replacement]:
    """The answers that differ from those given before."""
    waiting = asked(reservation, order)
    if reservation is None or not waiting:
        return ()
    return [
        answer for answer in _answers(reservation, order, waiting, products) if answer not in reservation.replacements
    ]


def after_answers(reservation: ReservationState | None, answers: Sequence[Replacement]) -> tuple[Replacement, ...]:
    kept = {known.claim_id: known for known in reservation.replacements} if reservation else {}
    return tuple((kept | {answer.claim_id: answer for answer in answers}).values())


def _answers(
    reservation: ReservationState, order: OrderState, waiting: Sequence[Claim], products: Mapping[str, Product]
) -> Iterator[Replacement]:
    having = set(granted(reservation))
    for claim in waiting:
        found = changes(reservation, lines_to_settle(reservation, order, having | {claim.claim_id}))
        short = [shortage for shortage in shortages(found, products) if _is_of(shortage, claim)]
        if short:
            code = gravest(tuple(short))
            yield Replacement(claim_id=claim.claim_id, status=ReservationStatus.REJECTED, code=code)
        else:
            having.add(claim.claim_id)
            yield Replacement(claim_id=claim.claim_id, status=ReservationStatus.RESERVED)


def _is_of(shortage: Shortage, claim: Claim) -> bool:
    shelves = {(part.line_id, part.target_option_id) for part in claim.lines}
    return (shortage.line_id, shortage.option_id) in shelves
