"""What each order event does here: the order's card shows its new state, and tickets that waited for it wake."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.inquiries.domain.order_card import OrderCard, outcome
from services.inquiries.domain.waking import waits_for, wake
from services.inquiries.repository import INQUIRY, ORDER_CARD
from shared.contracts.orders import OrderEvent
from shared.runtime.decision import Context, Decision, Documents, Ref


def tickets_to_wake(event: OrderEvent, docs: Documents) -> Iterable[Ref]:
    card = docs.get(ORDER_CARD, event.order.order_id)
    return map(INQUIRY.ref, card.waiting) if card and outcome(event.order) else ()


def order_told(docs: Documents, event: OrderEvent, ctx: Context) -> Mapping[Ref, Decision[Any]]:
    """The card shows the new state; if that is what tickets wait for, they wake."""
    card = docs.get(ORDER_CARD, ctx.subject) or OrderCard()
    shown = card.show(event.order, ctx.sequence or 0, ctx.now)
    woken: dict[Ref, Decision[Any]] = {}
    if card.waiting and outcome(event.order):
        loaded = {id: ticket for id in card.waiting if (ticket := docs.get(INQUIRY, id))}
        asleep = {id: ticket for id, ticket in loaded.items() if waits_for(ticket, ctx.subject)}
        woken = {INQUIRY.ref(id): wake(ticket, event.order, ctx) for id, ticket in asleep.items()}
        shown = shown.left_by(loaded)
    return {ORDER_CARD.ref(ctx.subject): Decision(shown), **woken}
