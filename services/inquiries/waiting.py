"""Decisions over a ticket and its order's card: whoever decides on having read the card writes it."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.inquiries.commands import WaitForOrder
from services.inquiries.domain.inquiry import Inquiry
from services.inquiries.domain.order_card import OrderCard, Standing, outcome, standing
from services.inquiries.domain.waking import wait, waits_for, wake
from services.inquiries.repository import INQUIRY, ORDER_CARD
from shared.contracts.orders import OrderEvent
from shared.runtime.decision import Context, Decision, Documents, IllegalMove, Invalid, Ref, Unknown

MAX_WAITING = 500
"""Tickets that one order may have to wake in one transaction."""


def card_of_ticket(message: WaitForOrder, docs: Documents) -> Iterable[Ref]:
    ticket = docs.get(INQUIRY, message.inquiry_id)
    return [ORDER_CARD.ref(ticket.order_id)] if ticket and ticket.order_id else []


def wait_for_order(docs: Documents, message: WaitForOrder, ctx: Context) -> Mapping[Ref, Decision[Any]]:
    """Judged on the card: what has happened already wakes at once."""
    ref = INQUIRY.ref(ctx.subject)
    ticket = docs.get(INQUIRY, ctx.subject)
    if ticket is None:
        raise Unknown(f"inquiry {ctx.subject} is not known")
    if ticket.order_id is None:
        raise Invalid("the inquiry names no order to wait for", field="order_id")
    card = docs.get(ORDER_CARD, ticket.order_id) or OrderCard()
    _refuse_hopeless(ticket, card)
    waiting = wait(ticket, message.moment)
    if card.order is not None and outcome(card.order):
        return {ref: wake(ticket, card.order, ctx)}
    return {ref: waiting, ORDER_CARD.ref(ticket.order_id): Decision(card.awaited_by(ctx.subject))}


def _refuse_hopeless(ticket: Inquiry, card: OrderCard) -> None:
    if standing(ticket, card.order) is Standing.MISMATCH:
        sentence = f"order {ticket.order_id} belongs to another customer"
        raise IllegalMove(sentence, field="order_id", allowed=ticket.allowed_actions)
    if len(card.waiting) >= MAX_WAITING and ticket.inquiry_id not in card.waiting:
        sentence = f"{MAX_WAITING} inquiries wait for order {ticket.order_id} already"
        raise IllegalMove(sentence, field="order_id", allowed=ticket.allowed_actions)


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
