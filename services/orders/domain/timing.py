"""What an order waits for by itself: its payment, its dispatch, and the end of the buyer's time."""

from collections.abc import Mapping
from datetime import datetime

from services.orders.domain.deciding import keep
from services.orders.domain.dispatching import overdue
from services.orders.domain.expiring import expire
from services.orders.domain.order import Order, exchanged_to_decide, nothing_to_ship, open_claims
from shared.contracts.order_state import OrderState, OrderStatus
from shared.runtime.decision import Context, Decision
from shared.runtime.handlers import TimerFired

PAY_BY, SHIP_BY, DECIDE_AT = "pay_by", "ship_by", "decide_at"
ANSWERS = {PAY_BY: expire, SHIP_BY: overdue, DECIDE_AT: keep}


def due(order: Order) -> Mapping[str, datetime]:
    return {timer: at for timer, at in _moments(order.state).items() if at is not None}


def _moments(state: OrderState) -> Mapping[str, datetime | None]:
    """Each status has at most one moment ahead; parts of an order may still be sent while others have arrived."""
    if state.status is OrderStatus.PAYMENT_WAITING:
        return {PAY_BY: state.pay_by}
    if state.status is OrderStatus.DELIVERED or exchanged_to_decide(state):
        return {} if open_claims(state) else {DECIDE_AT: state.decide_at}
    if state.ship_by is None or state.ship_by == state.overdue_since or nothing_to_ship(state):
        return {}
    return {SHIP_BY: state.ship_by}


def fire(order: Order, message: TimerFired, ctx: Context) -> Decision[Order]:
    return ANSWERS[message.timer](order, ctx)
