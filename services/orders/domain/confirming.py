"""Confirming (발주확인): the seller takes the order on; from here the promise to ship runs."""

from services.orders.commands import ConfirmOrder
from services.orders.domain.business_days import end_of_business_day
from services.orders.domain.moves import Move, permit, require
from services.orders.domain.order import Order, is_confirmed, unshipped
from services.orders.domain.policy import policy
from shared.contracts.order_state import PlaceStatus
from shared.contracts.orders import OrderConfirmed
from shared.runtime.decision import Context, Decision


def confirm(order: Order, _message: ConfirmOrder, ctx: Context) -> Decision[Order]:
    permit(order, Move.CONFIRM, ctx)
    if is_confirmed(order.state):
        return Decision(order)
    require(order, Move.CONFIRM, ctx)
    rules = policy(ctx)
    promised = end_of_business_day(
        ctx.now, rules.ship_within_business_days, zone=rules.store_timezone, country=rules.holiday_country
    )
    confirmed = order.now(
        ctx,
        lines=tuple(
            line.model_copy(update={"place_status": PlaceStatus.OK}) if unshipped(line) else line
            for line in order.state.lines
        ),
        ship_by=max(promised, order.state.ship_by or promised),
        overdue_since=None,
    )
    return Decision(confirmed, [OrderConfirmed])
