"""What an order has taken from the shelves: a function of the order's state, so a missed or repeated event heals."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from services.catalog.domain.exchanges import granted, has_exchanges, lines_by_option
from services.catalog.domain.product import Option, Product
from shared.contracts.catalog import ReservationLine, ReservationState, ReservationStatus, Shortage, ShortageCode
from shared.contracts.order_state import LineState, OrderState

GRAVEST_FIRST = (ShortageCode.UNKNOWN_PRODUCT, ShortageCode.NOT_ON_SALE, ShortageCode.SOLD_OUT)


class Change(NamedTuple):
    """Units of one order line by which the order is ahead of its reservation."""

    line: LineState
    reserved: int = 0
    committed: int = 0
    restocked: int = 0

    @property
    def moves(self) -> bool:
        return bool(self.reserved or self.committed or self.restocked)

    @property
    def shelf(self) -> tuple[str, str]:
        return self.line.product_id, self.line.option_id

    @property
    def on_hand(self) -> int:
        return self.restocked - self.committed

    @property
    def shipped_reserved(self) -> int:
        """Units shipped that were reserved; the rest of what is shipped was not."""
        return max(0, min(self.committed, -self.reserved))

    def without_reserving(self) -> "Change":
        return self._replace(reserved=0)


def lines_to_settle(
    reservation: ReservationState | None, order: OrderState, also: Collection[str] = ()
) -> Sequence[LineState]:
    """The order's lines; where exchanges made them of several options, one for each. also: exchanges to reserve for.

    Nothing is kept for what a rejected order still asks for; its exchanges have answers of their own.
    """
    rejected = reservation is not None and reservation.status is ReservationStatus.REJECTED
    lines = tuple(map(_without_open_units, order.lines)) if rejected else order.lines
    if not has_exchanges(order):
        return lines
    return tuple(lines_by_option(lines, order.claims, granted(reservation).union(also)))


def _without_open_units(line: LineState) -> LineState:
    return line.model_copy(update={"ordered": line.cancelled + line.shipped})


def changes(reservation: ReservationState | None, lines: Iterable[LineState]) -> list[Change]:
    """reserved = ordered − cancelled − shipped, committed = shipped, restocked."""
    kept = {(line.line_id, line.option_id): line for line in reservation.lines} if reservation else {}
    found = []
    for line in lines:
        reserved = max(0, line.ordered - line.cancelled - line.shipped)
        committed, restocked = line.shipped, line.restocked
        if has := kept.get((line.line_id, line.option_id)):
            reserved, committed, restocked = (
                reserved - has.reserved,
                committed - has.committed,
                restocked - has.restocked,
            )
        if reserved or committed or restocked:
            found.append(Change(line, reserved, committed, restocked))
    return found


def is_alive(order: OrderState) -> bool:
    return any(line.cancelled < line.ordered for line in order.lines)


def option_of(change: Change, products: Mapping[str, Product]) -> Option | None:
    product = products.get(change.line.product_id)
    return product.option(change.line.option_id) if product else None


def waits_for(found: Iterable[Change], products: Mapping[str, Product]) -> str | None:
    """The first product that has to become known (with the option ordered) before the changes can be made."""
    for change in found:
        product = products.get(change.line.product_id)
        if product is None:
            return change.line.product_id
        if product.option(change.line.option_id) is None and (product.on_sale or change.on_hand):
            return product.product_id
    return None


def shortages(wanted: list[Change], products: Mapping[str, Product]) -> Iterator[Shortage]:
    """The lines that cannot be reserved; several lines of one option share what is available of it."""
    moved: defaultdict[tuple[str, str], int] = defaultdict(int)
    for change in wanted:
        moved[change.shelf] += change.on_hand
    for change in wanted:
        if change.reserved <= 0:
            continue
        option = option_of(change, products)
        available = option.available + moved[change.shelf] if option else 0
        if code := _shortage(change, products, option, available):
            yield Shortage(
                line_id=change.line.line_id,
                product_id=change.line.product_id,
                option_id=change.line.option_id,
                code=code,
                requested=change.reserved,
                available=available,
            )
        else:
            moved[change.shelf] -= change.reserved


def _shortage(
    change: Change, products: Mapping[str, Product], option: Option | None, available: int
) -> ShortageCode | None:
    product = products.get(change.line.product_id)
    if product is not None and not product.on_sale:
        return ShortageCode.NOT_ON_SALE
    if option is None:
        return ShortageCode.UNKNOWN_PRODUCT
    return ShortageCode.SOLD_OUT if change.reserved > available else None


def gravest(short: tuple[Shortage, ...]) -> ShortageCode:
    return min((shortage.code for shortage in short), key=GRAVEST_FIRST.index)


def line_after(before: ReservationLine | None, change: Change) -> ReservationLine:
    line = change.line
    return ReservationLine(
        line_id=line.line_id,
        product_id=line.product_id,
        option_id=line.option_id,
        reserved=(before.reserved if before else 0) + change.reserved,
        committed=(before.committed if before else 0) + change.committed,
        restocked=(before.restocked if before else 0) + change.restocked,
    )
