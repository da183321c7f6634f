"""Deciding the purchase (구매확정): what has arrived is kept."""

from collections import Counter
from functools import partial

from services.orders.commands import DecidePurchase
from services.orders.domain.moves import Move, permit, require
from services.orders.domain.order import Order, Units, as_lines, counted, exchanged_to_decide, undecided
from shared.contracts.order_state import OrderState
from shared.contracts.orders import PurchaseDecided
from shared.runtime.decision import Context, Decision


def decide_purchase(order: Order, _message: DecidePurchase, ctx: Context) -> Decision[Order]:
    permit(order, Move.DECIDE_PURCHASE, ctx)
    if _has_been_decided(order.state) and not (_undecided(order.state) or exchanged_to_decide(order.state)):
        return Decision(order)
    require(order, Move.DECIDE_PURCHASE, ctx)
    return keep(order, ctx)


def keep(order: Order, ctx: Context) -> Decision[Order]:
    """What exchanges sent is kept with the last of the order: until then it may be claimed again."""
    units = _undecided(order.state)
    decided = order.now(ctx, lines=counted(order.state.lines, units, "decided"))
    exchanged = exchanged_to_decide(decided.state)
    if exchanged:
        decided = decided.now(ctx, exchanges_decided_at=ctx.now)
    return Decision(decided, [partial(PurchaseDecided, lines=as_lines(Counter(units) + Counter(exchanged)))])


def _undecided(state: OrderState) -> Units:
    return {line.line_id: quantity for line in state.lines if (quantity := undecided(line, state))}


def _has_been_decided(state: OrderState) -> bool:
    return state.exchanges_decided_at is not None or any(line.decided for line in state.lines)
