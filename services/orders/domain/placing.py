"""An order is placed with the names and amounts its buyer saw; whether it can be had is catalog's answer."""

from datetime import timedelta
from functools import partial

from services.orders.domain.amounts import value
from services.orders.domain.discounting import split_discounts
from services.orders.domain.order import Order
from services.orders.domain.policy import policy
from services.orders.domain.repeats import answered, is_repeat
from services.orders.domain.room import is_too_large_to_place
from services.orders.domain.status import derived
from shared.contracts.base import Contract, Money
from shared.contracts.inbox_orders import OrderSubmitted, SubmittedLine
from shared.contracts.order_state import LineState, OrderState, OrderStatus
from shared.contracts.orders import OrderPaid, OrderPlaced
from shared.runtime.decision import Context, Decision, IllegalMove, Invalid

MAX_TOTAL = 10**15
"""Minor units; what an amount on the wire may be."""


class ClientOrder(Contract):
    """A sales channel's own number for an order, taken for ever."""

    order_id: str


def place(order: Order | None, message: OrderSubmitted, ctx: Context) -> Decision[Order]:
    if order is not None and order.erased_at is not None:
        return Decision(order)
    if order is not None:
        is_repeat(order, "order", message.order_id, message, ctx)
        return Decision(order)
    if message.currency != policy(ctx).store_currency:
        raise Invalid(f"this store sells in {policy(ctx).store_currency}", field="currency")
    placed = answered(
        Order(state=_placed(message, ctx), recipient=message.recipient), "order", message.order_id, message
    )
    if is_too_large_to_place(placed.state):
        raise Invalid("the lines and their names are more than an order can hold", field="lines")
    if placed.state.total.is_zero():
        return Decision(placed.now(ctx, paid_at=ctx.now), [OrderPlaced, partial(OrderPaid, payment=None)])
    return Decision(placed, [OrderPlaced])


def take_number(taken: ClientOrder | None, message: OrderSubmitted) -> Decision[ClientOrder]:
    if taken is None:
        return Decision(ClientOrder(order_id=message.order_id))
    if taken.order_id != message.order_id:
        sentence = f"{message.channel} has used the number {message.client_order_number} for another order"
        raise IllegalMove(sentence, field="client_order_number")
    return Decision(taken)


def _placed(message: OrderSubmitted, ctx: Context) -> OrderState:
    lines = tuple(map(_line, message.lines, split_discounts(message)))
    total = sum(map(value, lines)) + message.shipping_fee.amount
    if total > MAX_TOTAL:
        raise Invalid("the lines add up to more than an order can be worth", field="lines")
    state = OrderState(
        order_id=message.order_id,
        channel=message.channel,
        client_order_number=message.client_order_number,
        customer_id=message.customer_id,
        currency=message.currency,
        status=OrderStatus.PAYMENT_WAITING,
        lines=lines,
        discounts=message.discounts,
        shipping_fee=message.shipping_fee,
        total=Money(amount=total, currency=message.currency),
        placed_at=ctx.now,
        pay_by=ctx.now + timedelta(hours=policy(ctx).pay_within_hours) if total else None,
    )
    return derived(state)


def _line(line: SubmittedLine, share: Money | None) -> LineState:
    return LineState(
        line_id=line.line_id,
        product_id=line.product_id,
        option_id=line.option_id,
        name=line.name,
        option_name=line.option_name,
        list_amount=line.list_amount,
        discount_amount=line.discount_amount if share is None else line.discount_amount + share,
        order_discount_amount=share,
        ordered=line.quantity,
    )
