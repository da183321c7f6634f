"""A ticket waits for its order. Who decides on having read the order's card writes it."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.inquiries.commands import WaitForOrder
from services.inquiries.domain.inquiry import Inquiry
from services.inquiries.domain.order_card import OrderCard, Standing, outcome, standing
from services.inquiries.domain.waking import wait, wake
from services.inquiries.repository import INQUIRY, ORDER_CARD
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
