"""A customer is erased: who received their orders is forgotten for good, what was ordered and paid stays."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from services.orders.commands import EraseRecipient
from services.orders.domain.order import Order, open_claims, unshipped
from shared.contracts.inbox_orders import MESSAGES, OrdersMessage, Recipient
from shared.contracts.order_state import ClaimType, OrderState
from shared.runtime.decision import Context, Decision, Document, IllegalMove
from shared.runtime.personal import Erased, Personal, by_a_person, covers

NAMED = 20


def _names(message: type[OrdersMessage]) -> Iterator[str]:
    """Of its fields and those of its parts."""
    schema = message.model_json_schema()
    parts = [schema, *(part for name, part in schema.get("$defs", {}).items() if name != Recipient.__name__)]
    return (name for part in parts for name in part.get("properties", ()))


NOT_PERSONAL = frozenset(name for message in MESSAGES for name in _names(message)) - {"recipient"}


class StillNeeded(IllegalMove):
    """Somebody still has to be sent something, or something has to be fetched from them."""

    def __init__(self, orders: Mapping[str, str]) -> None:
        named = "; ".join(f"{id}: {why}" for id, why in islice(orders.items(), NAMED))
        more = f"; and {len(orders) - NAMED} more" if len(orders) > NAMED else ""
        super().__init__(f"orders still need their recipient ({named}{more}): send or cancel, and end claims, before")
        self.orders = orders

    @property
    def fields(self) -> Mapping[str, str]:
        return {f"orders.{id}": why for id, why in self.orders.items()}


def still_needed(state: OrderState) -> str | None:
    """Why the recipient cannot be erased yet."""
    if units := sum(map(unshipped, state.lines)):
        return f"{units} units are to be shipped or cancelled"
    open = [claim.claim_id for claim in open_claims(state) if claim.type is not ClaimType.CANCEL]
    return f"claim {open[0]} is open" if open else None


def erase(order: Order, _message: EraseRecipient, ctx: Context) -> Decision[Order]:
    by_a_person(ctx)
    if why := still_needed(order.state):
        raise StillNeeded({order.state.order_id: why})
    return Decision(order if order.erased_at else _without_recipient(order, ctx))


def late(placed: Decision[Order], erased: Erased | None, ctx: Context) -> Decision[Order]:
    """An order that is heard of only after its customer was erased."""
    return replace(placed, state=_without_recipient(placed.state, ctx)) if covers(erased, ctx) else placed


def _without_recipient(order: Order, ctx: Context) -> Order:
    return order.model_copy(update={"recipient": None, "erased_at": ctx.now})


def _strip(message: Document) -> Document:
    """Fields that no message has may say anything, in a line as well."""
    return {name: _stripped(value) for name, value in message.items() if name in NOT_PERSONAL}


def _stripped(value: Any) -> Any:
    match value:
        case dict():
            return _strip(value)
        case list():
            return [_stripped(one) for one in value]
    return value


def _strip_answer(order: Document) -> Document:
    return order | {"recipient": None} if "recipient" in order else order


PERSONAL = Personal("customer_id", _strip, _strip_answer)
