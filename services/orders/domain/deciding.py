"""Move 10, 구매확정: what has arrived is kept."""

from functools import partial

from services.orders.commands import DecidePurchase
from services.orders.domain.moves import Move, permit, require
from services.orders.domain.order import Order, as_lines, counted, undecided
from shared.contracts.orders import PurchaseDecided
from shared.runtime.decision import Context, Decision


def decide_purchase(order: Order, _message: DecidePurchase, ctx: Context) -> Decision[Order]:
    permit(order, Move.DECIDE_PURCHASE, ctx)
    if any(line.decided for line in order.state.lines) and not any(map(undecided, order.state.lines)):
        return Decision(order)
    require(order, Move.DECIDE_PURCHASE, ctx)
    return keep(order, ctx)


def keep(order: Order, ctx: Context) -> Decision[Order]:
    units = {line.line_id: undecided(line) for line in order.state.lines if undecided(line)}
    decided = order.now(ctx, lines=counted(order.state.lines, units, "decided"))
    return Decision(decided, [partial(PurchaseDecided, lines=as_lines(units))])
