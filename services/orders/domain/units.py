"""Which units of which lines a message means."""

from collections.abc import Callable, Sequence

from services.orders.domain.moves import illegal, not_yet
from services.orders.domain.order import Order, Units
from shared.contracts.inbox_orders import GoodwillLine
from shared.contracts.order_state import LineState, LineUnits
from shared.runtime.decision import Context, Invalid, Refusal

Refuse = Callable[[Order, Context, str, str], Refusal]


def none(_line: LineState) -> int:
    return 0


def wanted(
    order: Order,
    lines: Sequence[LineUnits] | None,
    available: Callable[[LineState], int],
    ctx: Context,
    ahead: Callable[[LineState], int] = none,
) -> Units:
    """The units named, or without lines all that are available; refuses more than that.

    Where those `ahead`, which may become available, are enough too it is too early.
    """
    have = {line.line_id: available(line) for line in order.state.lines}
    if lines is None:
        return {line_id: quantity for line_id, quantity in have.items() if quantity}
    check_named(order, lines)
    ever = {line.line_id: have[line.line_id] + ahead(line) for line in order.state.lines}
    _check_within(ever, lines, illegal, order, ctx)
    _check_within(have, lines, not_yet, order, ctx)
    return {line.line_id: line.quantity for line in lines}


def _check_within(units: Units, lines: Sequence[LineUnits], refusal: Refuse, order: Order, ctx: Context) -> None:
    for position, line in enumerate(lines):
        if line.quantity > units[line.line_id]:
            sentence = f"line {line.line_id}: {line.quantity} units are named and {units[line.line_id]} are left"
            raise refusal(order, ctx, sentence, f"lines.{position}.quantity")


def check_named(order: Order, lines: Sequence[LineUnits | GoodwillLine]) -> None:
    """Refuses lines that the order does not have, and more units of a line than were ever ordered."""
    ordered = {line.line_id: line.ordered for line in order.state.lines}
    for position, line in enumerate(lines):
        if line.line_id not in ordered:
            raise Invalid(f"the order has no line {line.line_id}", field=f"lines.{position}.line_id")
        if line.quantity > ordered[line.line_id]:
            sentence = f"line {line.line_id} has only {ordered[line.line_id]} units"
            raise Invalid(sentence, field=f"lines.{position}.quantity")
