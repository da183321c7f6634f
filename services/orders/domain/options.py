"""Of which options a line's units are once exchanges have changed some, and which of them a claim asks back."""

from collections import Counter
from collections.abc import Iterator, Sequence

from services.orders.domain.moves import illegal, not_yet
from services.orders.domain.order import Order, Units, unshipped
from shared.contracts.inbox_orders import ClaimPart
from shared.contracts.order_state import Claim, ClaimLine, ClaimStatus, ClaimType, LineState, OrderState
from shared.runtime.decision import Context, Refusal

GIVEN_BACK = (ClaimStatus.RETURN_REJECT, ClaimStatus.EXCHANGE_REJECT, ClaimStatus.WITHDRAWN)
"""A claim that came to nothing: its units stay with the customer."""


def coming_back(order: Order, parts: Sequence[ClaimPart] | None, units: Units, ctx: Context) -> dict[str, str]:
    """By line: the option that is named, or what was ordered before what it was exchanged for."""
    named = {part.line_id: part.option_id for part in parts or ()}
    lines = {line.line_id: line for line in order.state.lines}
    options = {}
    for position, (id, quantity) in enumerate(units.items()):
        held, name = options_with_customer(order.state, lines[id]), named.get(id)
        found = next((option for option in ([name] if name else held) if held[option] >= quantity), None)
        if found is None:
            raise _not_there(order, lines[id], quantity, name, position, ctx)
        options[id] = found
    return options


def options_with_customer(state: OrderState, line: LineState) -> Counter[str]:
    """Of the units that have left and that nobody asks back."""
    options = Counter({line.option_id: line.shipped - line.decided})
    for claim, part in _claimed(state, line):
        if part.option_id and claim.status not in GIVEN_BACK:
            options[part.option_id] -= part.quantity
            if claim.status is ClaimStatus.EXCHANGE_DONE and part.target_option_id:
                options[part.target_option_id] += part.quantity
    return options


def _not_there(order: Order, line: LineState, quantity: int, named: str | None, position: int, ctx: Context) -> Refusal:
    ever = options_with_customer(order.state, line) + _ahead(order.state, line)
    refusal = not_yet if any(ever[option] >= quantity for option in ([named] if named else ever)) else illegal
    if named:
        sentence = f"line {line.line_id}: fewer than {quantity} units of option {named} are left"
        return refusal(order, ctx, sentence, f"lines.{position}.option_id")
    sentence = f"line {line.line_id}: the units are of several options now: ask for each of them apart"
    return refusal(order, ctx, sentence, "lines")


def _ahead(state: OrderState, line: LineState) -> Counter[str]:
    """Of the units that are to be sent yet, exchanges' too."""
    options = Counter({line.option_id: unshipped(line)})
    for claim, part in _claimed(state, line):
        if claim.type is ClaimType.EXCHANGE and claim.closed_at is None and part.target_option_id:
            options[part.target_option_id] += part.quantity
    return options


def _claimed(state: OrderState, line: LineState) -> Iterator[tuple[Claim, ClaimLine]]:
    return ((claim, part) for claim in state.claims for part in claim.lines if part.line_id == line.line_id)
