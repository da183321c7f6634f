"""Catalog says whether the goods can be had."""

from functools import partial

from services.orders.domain.cancelling import cancel, grant_open
from services.orders.domain.exchanging import replacement_answered
from services.orders.domain.order import Order, as_lines, to_send
from shared.contracts.catalog import StockRejected, StockReserved
from shared.contracts.order_state import Reason, StockStatus
from shared.contracts.orders import OrderCancelled, OrderReserved
from shared.runtime.decision import Context, Decision, IllegalMove

REJECTED_TOO_LATE = "STOCK_REJECTED_TOO_LATE"
"""Flags an order for which catalog had no stock when there was nothing left to cancel."""


def reserved(order: Order, message: StockReserved, ctx: Context) -> Decision[Order]:
    if message.claim_id is not None:
        return replacement_answered(order, message.claim_id, StockStatus.RESERVED, ctx)
    if order.state.stock is StockStatus.RESERVED:
        return Decision(order)
    if order.state.stock is StockStatus.REJECTED:
        raise IllegalMove("catalog has refused the stock of this order before")
    return Decision(order.now(ctx, stock=StockStatus.RESERVED), [OrderReserved])


def rejected(order: Order, message: StockRejected, ctx: Context) -> Decision[Order]:
    """Grants open cancel requests and cancels whatever else has not left."""
    if message.claim_id is not None:
        return replacement_answered(order, message.claim_id, StockStatus.REJECTED, ctx)
    if order.state.stock is StockStatus.REJECTED:
        return Decision(order)
    if order.state.stock is StockStatus.RESERVED:
        raise IllegalMove("catalog has reserved the stock of this order before")
    order, events = grant_open(order.now(ctx, stock=StockStatus.REJECTED, stock_detail=message.code), ctx)
    if rest := to_send(order.state):
        order, cancelled = cancel(order, rest, Reason.SOLD_OUT, ctx, detail=message.code)
        events += cancelled
    if not events:
        order = order.now(ctx, flags=(*order.state.flags, REJECTED_TOO_LATE))
        nothing = partial(OrderCancelled, lines=as_lines({}), reason=Reason.SOLD_OUT, detail=message.code)
        events.append(nothing)
    return Decision(order, events)
