"""Applies what an order changes of its reservation to the shelves, and answers the order once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

from services.catalog.domain.answering_exchanges import after_answers, answered_exchanges
from services.catalog.domain.product import Product, Shift
from services.catalog.domain.reservation import (
    Change,
    changes,
    gravest,
    is_alive,
    line_after,
    lines_to_settle,
    option_of,
    shortages,
)
from services.catalog.domain.stock import MovementKind, movement
from shared.contracts.catalog import (
    Replacement,
    ReservationLine,
    ReservationState,
    ReservationStatus,
    Shortage,
    StockRejected,
    StockReserved,
)
from shared.contracts.order_state import LineState, OrderState
from shared.runtime.decision import Announcement, Context, Decision, Row

SHIPPED_UNRESERVED = "SHIPPED_UNRESERVED"
PRODUCT_UNKNOWN = "PRODUCT_UNKNOWN"
K = TypeVar("K")


class Settlement(NamedTuple):
    reservation: Decision[ReservationState]
    products: dict[str, Decision[Product]]


def settle(
    reservation: ReservationState | None, order: OrderState, products: Mapping[str, Product], ctx: Context
) -> Settlement:
    """Brings the shelves to where the order says they are.

    Only the first reservation is all or none. What was shipped is booked in any case; units of a product that is
    not known are left out and booked when a later event of the order finds it.
    """
    answers = answered_exchanges(reservation, order, products)
    replacements = after_answers(reservation, answers)
    having = [answer.claim_id for answer in replacements if answer.status is ReservationStatus.RESERVED]
    lines = lines_to_settle(reservation, order, having)
    found = changes(reservation, lines)
    if reservation is not None and not found and not answers:
        return Settlement(Decision(reservation), {})
    short = tuple(shortages(found, products)) if reservation is None else ()
    if short:
        found = [change for change in map(Change.without_reserving, found) if change.moves]
    booked = [change for change in found if option_of(change, products)]
    after = ReservationState(
        order_id=order.order_id,
        status=reservation.status if reservation else _first_status(short),
        lines=tuple(_lines(reservation, lines, booked)),
        shortages=reservation.shortages if reservation else short,
        replacements=replacements,
        flags=_flags(reservation, booked, missed=len(booked) < len(found)),
    )
    if after == reservation:
        return Settlement(Decision(reservation), {})
    answer = [] if reservation else _answer(order, short)
    return Settlement(Decision(after, [*answer, *map(_told, answers)]), _shelves(booked, order.order_id, products, ctx))


def _first_status(short: tuple[Shortage, ...]) -> ReservationStatus:
    return ReservationStatus.REJECTED if short else ReservationStatus.RESERVED


def _answer(order: OrderState, short: tuple[Shortage, ...]) -> Sequence[Announcement]:
    """An order that was cancelled before it was seen gets none: nobody waits for it."""
    if short:
        return [partial(StockRejected, code=gravest(short))]
    return [StockReserved] if is_alive(order) else []


def _told(answer: Replacement) -> Announcement:
    if answer.code is None:
        return partial(StockReserved, claim_id=answer.claim_id)
    return partial(StockRejected, claim_id=answer.claim_id, code=answer.code)


def _lines(
    reservation: ReservationState | None, lines: Sequence[LineState], booked: Sequence[Change]
) -> Iterator[ReservationLine]:
    before = {(line.line_id, line.option_id): line for line in reservation.lines} if reservation else {}
    changed = {(change.line.line_id, change.line.option_id): change for change in booked}
    for line in lines:
        kept, change = before.get((line.line_id, line.option_id)), changed.get((line.line_id, line.option_id))
        yield kept if kept and change is None else line_after(kept, change or Change(line))


def _flags(reservation: ReservationState | None, booked: Sequence[Change], *, missed: bool) -> tuple[str, ...]:
    flags = set(reservation.flags) - {PRODUCT_UNKNOWN} if reservation else set()
    if any(change.committed > change.shipped_reserved for change in booked):
        flags.add(SHIPPED_UNRESERVED)
    if missed:
        flags.add(PRODUCT_UNKNOWN)
    return tuple(sorted(flags))


def _shelves(
    booked: Sequence[Change], order_id: str, products: Mapping[str, Product], ctx: Context
) -> dict[str, Decision[Product]]:
    """Each product's new state, once, and one movement per option and kind."""
    moved: defaultdict[str, dict[tuple[str, MovementKind], Shift]] = defaultdict(dict)
    for change in booked:
        moves = moved[change.line.product_id]
        for kind, shift in _moves(change):
            _add(moves, (change.line.option_id, kind), shift)
    return {id: _moved(products[id], moves, order_id, ctx) for id, moves in moved.items()}


def _moved(
    product: Product, moves: Mapping[tuple[str, MovementKind], Shift], order_id: str, ctx: Context
) -> Decision[Product]:
    shifts: dict[str, Shift] = {}
    for (option_id, _), shift in moves.items():
        _add(shifts, option_id, shift)
    rows: list[Row] = [
        movement(ctx, product.product_id, option_id, kind, shift, order_id=order_id)
        for (option_id, kind), shift in moves.items()
    ]
    return Decision(product.shifted(shifts), rows=rows)


def _add(shifts: dict[K, Shift], key: K, shift: Shift) -> None:
    shifts[key] = shifts[key].plus(shift) if key in shifts else shift


def _moves(change: Change) -> Iterator[tuple[MovementKind, Shift]]:
    shipped = change.shipped_reserved
    if change.reserved > 0:
        yield MovementKind.RESERVED, Shift(reserved=change.reserved)
    if shipped:
        yield MovementKind.SHIPPED, Shift(on_hand=-shipped, reserved=-shipped)
    if change.committed != shipped:
        yield MovementKind.SHIPPED_UNRESERVED, Shift(on_hand=shipped - change.committed)
    if change.reserved < 0 and shipped < -change.reserved:
        yield MovementKind.RELEASED, Shift(reserved=change.reserved + shipped)
    if change.restocked:
        yield MovementKind.RESTOCKED, Shift(on_hand=change.restocked)
