"""Deciding the purchase (구매확정): what has arrived is kept."""

from functools import partial

from services.orders.commands import DecidePurchase
from services.orders.domain.moves import Move, permit, require
from services.orders.domain.order import Order, Units, as_lines, counted, undecided
from shared.contracts.order_state import OrderState
from shared.contracts.orders import PurchaseDecided
from shared.runtime.decision import Context, Decision


def decide_purchase(order: Order, _message: DecidePurchase, ctx: Context) -> Decision[Order]:
    permit(order, Move.DECIDE_PURCHASE, ctx)
    if any(line.decided for line in order.state.lines) and not _undecided(order.state):
        return Decision(order)
    require(order, Move.DECIDE_PURCHASE, ctx)
    return keep(order, ctx)


def keep(order: Order, ctx: Context) -> Decision[Order]:
    units = _undecided(order.state)
    decided = order.now(ctx, lines=counted(order.state.lines, units, "decided"))
    return Decision(decided, [partial(PurchaseDecided, lines=as_lines(units))])


def _undecided(state: OrderState) -> Units:
    return {line.line_id: quantity for line in state.lines if (quantity := undecided(line, state))}
