"""A ticket waits for what will become of its order, and is woken with the facts."""

from functools import partial

from services.inquiries.domain.drafts import (
    cancelled_note,
    cancelled_reply,
    shipped_note,
    shipped_reply,
    stranger_note,
)
from services.inquiries.domain.inquiry import Inquiry
from services.inquiries.domain.message import Author
from services.inquiries.domain.moves import Move
from services.inquiries.domain.order_card import Outcome, Standing, outcome, standing
from shared.contracts.inquiries import InquiryReopened, InquiryStatus, InquiryWaiting, OrderMoment
from shared.contracts.order_state import OrderState
from shared.runtime.decision import Context, Decision

TOLD = {Outcome.SHIPPED: (shipped_note, shipped_reply), Outcome.CANCELLED: (cancelled_note, cancelled_reply)}


def wait(ticket: Inquiry, moment: OrderMoment) -> Decision[Inquiry]:
    waiting = ticket.move(Move.WAIT, waiting_for=moment)
    return Decision(ticket) if waiting == ticket else Decision(waiting, [partial(InquiryWaiting, waiting_for=moment)])


def wake(ticket: Inquiry, order: OrderState, ctx: Context) -> Decision[Inquiry]:
    """The agent reads the facts in a note and finds a reply drafted; of a stranger's order neither says anything."""
    what = outcome(order)
    assert what is not None
    note, reply = TOLD[what]
    woken = ticket.move(Move.WAKE)
    if standing(ticket, order) is Standing.MISMATCH:
        note = stranger_note
    else:
        woken = woken.changed(draft=reply(order, ctx.policy))
    woken, message = woken.say(ctx, Author.SYSTEM, note(order, ctx.policy), public=False)
    return Decision(woken, [partial(InquiryReopened, reason=what.value)], [message.row()])


def waits_for(ticket: Inquiry, order_id: str) -> bool:
    return ticket.status is InquiryStatus.WAITING_EVENT and ticket.order_id == order_id
