"""What HTTP shows of an order, and how it answers a command."""

from functools import partial
from typing import Any

from fastapi import Request, Response
from pydantic import Field
from uuid6 import uuid7

from services.orders.domain.guards import SELLER
from services.orders.domain.moves import Move, open_to
from services.orders.domain.order import Order
from shared.contracts.base import Contract, Utc
from shared.contracts.inbox_orders import OrdersMessage, Recipient
from shared.contracts.order_state import OrderState
from shared.runtime.commands import command
from shared.runtime.decision import Actor
from shared.runtime.http import Runtime


def an_id(prefix: str) -> Any:
    """The id is the sender's, or ours where none is brought."""
    return Field(default_factory=lambda: f"{prefix}_{uuid7().hex}")


class OrderView(OrderState):
    recipient: Recipient | None = None
    """Shown to the shop alone."""
    erased_at: Utc | None = None
    """When its customer was erased, and its recipient with them."""
    allowed_actions: tuple[Move, ...]


class OrderPage(Contract):
    items: tuple[OrderView, ...]
    next_cursor: str | None


def shown(order: Order, actor: Actor) -> dict[str, Any]:
    return view(order, actor).model_dump(mode="json")


def view(order: Order, actor: Actor) -> OrderView:
    """What the actor may see of an order and do with it."""
    return OrderView.model_construct(
        **dict(order.state),
        recipient=order.recipient if actor.role in SELLER else None,
        erased_at=order.erased_at,
        allowed_actions=tuple(open_to(order, actor.role)),
    )


async def answer(
    request: Request, runtime: Runtime, actor: Actor, message: OrdersMessage, *, status: int = 200
) -> Response:
    """The order after the command, with what may be done next."""
    return await command(request, runtime, message, message.order_id, partial(shown, actor=actor), status=status)
