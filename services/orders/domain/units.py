"""Which units of which lines a message means."""

from collections.abc import Callable, Sequence

from services.orders.domain.moves import illegal
from services.orders.domain.order import Order, Units
from shared.contracts.inbox_orders import GoodwillLine
from shared.contracts.order_state import LineState, LineUnits
from shared.runtime.decision import Context, Invalid


def wanted(
    order: Order, lines: Sequence[LineUnits] | None, available: Callable[[LineState], int], ctx: Context
) -> Units:
    """The units named, or without lines all that are available; refuses more than that."""
    have = {line.line_id: available(line) for line in order.state.lines}
    if lines is None:
        return {line_id: quantity for line_id, quantity in have.items() if quantity}
    check_named(order, lines)
    for position, line in enumerate(lines):
        if line.quantity > have[line.line_id]:
            sentence = f"line {line.line_id}: {line.quantity} units are named and {have[line.line_id]} are left"
            raise illegal(order, ctx, sentence, f"lines.{position}.quantity")
    return {line.line_id: line.quantity for line in lines}


def check_named(order: Order, lines: Sequence[LineUnits | GoodwillLine]) -> None:
    """Refuses lines that the order does not have, and more units of a line than were ever ordered."""
    ordered = {line.line_id: line.ordered for line in order.state.lines}
    for position, line in enumerate(lines):
        if line.line_id not in ordered:
            raise Invalid(f"the order has no line {line.line_id}", field=f"lines.{position}.line_id")
        if line.quantity > ordered[line.line_id]:
            sentence = f"line {line.line_id} has only {ordered[line.line_id]} units"
            raise Invalid(sentence, field=f"lines.{position}.quantity")
