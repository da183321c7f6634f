"""The promise to ship moves to a later day (발송지연), or passes with units still to send."""

from datetime import timedelta
from functools import partial

from services.orders.domain.moves import Move, permit, require
from services.orders.domain.order import Order, nothing_to_ship
from services.orders.domain.policy import policy
from shared.contracts.inbox_orders import DispatchDelayRequested
from shared.contracts.order_state import Delay, OrderState
from shared.contracts.orders import DispatchDelayed, DispatchOverdue
from shared.runtime.decision import Context, Decision, Invalid

MAX_DELAYS = 50


def delay(order: Order, message: DispatchDelayRequested, ctx: Context) -> Decision[Order]:
    permit(order, Move.DELAY, ctx)
    state = order.state
    if any((known.ship_by, known.reason) == (message.ship_by, message.reason) for known in state.delays):
        return Decision(order)
    if not _left_since(state, ctx):
        require(order, Move.DELAY, ctx)
    if message.ship_by <= ctx.now:
        raise Invalid("a promise is about the future", field="ship_by")
    if message.ship_by > ctx.now + timedelta(days=policy(ctx).delay_within_days):
        raise Invalid(f"a delay promises to ship within {policy(ctx).delay_within_days} days", field="ship_by")
    if state.ship_by is not None and message.ship_by <= state.ship_by:
        raise Invalid(f"a delay is later than what is promised, {state.ship_by.isoformat()}", field="ship_by")
    if len(state.delays) >= MAX_DELAYS:
        raise Invalid(f"an order takes at most {MAX_DELAYS} delays", field="ship_by")
    told = Delay(reason=message.reason, promised=state.ship_by, ship_by=message.ship_by, announced_at=ctx.now)
    delayed = order.now(ctx, ship_by=message.ship_by, delays=(*state.delays, told), overdue_since=None)
    return Decision(delayed, [partial(DispatchDelayed, delay=told)])


def _left_since(state: OrderState, ctx: Context) -> bool:
    """Whether all has left after the delay was announced: nothing orders the messages of different systems."""
    return nothing_to_ship(state) and any(shipment.shipped_at > ctx.now for shipment in state.shipments)


def overdue(order: Order, ctx: Context) -> Decision[Order]:
    return Decision(order.now(ctx, overdue_since=ctx.now), [partial(DispatchOverdue, ship_by=ctx.now)])
