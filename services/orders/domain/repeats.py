"""Exact repeats. Systems resend: the same id with the same content changes nothing, with other content is refused."""

from hashlib import sha256

from services.orders.domain.moves import illegal
from services.orders.domain.order import Order
from shared.contracts.inbox_orders import OrdersMessage
from shared.runtime.decision import Context


def fingerprint(message: OrdersMessage) -> str:
    """Of the content as sent. Defaults are left out, so a field added later does not make an old message another."""
    content = f"{message.wire_type()}{message.model_dump_json(exclude_defaults=True)}"
    return sha256(content.encode()).hexdigest()[:32]


def is_repeat(order: Order, what: str, id: str, message: OrdersMessage, ctx: Context) -> bool:
    known = order.answered.get(f"{what}/{id}")
    if known is None:
        return False
    if known != fingerprint(message):
        raise illegal(order, ctx, f"{what} {id} was told before with another content", f"{what}_id")
    return True


def answered(order: Order, what: str, id: str, message: OrdersMessage) -> Order:
    """The order remembering that it has answered this message."""
    return order.model_copy(update={"answered": {**order.answered, f"{what}/{id}": fingerprint(message)}})
