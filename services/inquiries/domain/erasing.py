"""A customer is erased: who asked and what was said is gone; that it was asked, when and about what stays."""

from dataclasses import replace

from services.inquiries.commands import EraseInquiry
from services.inquiries.domain.inquiry import ERASED_TEXT, Inquiry
from services.inquiries.domain.moves import Move
from shared.contracts.inbox_inquiries import MESSAGES
from shared.contracts.inquiries import InquiryResolved, InquiryStatus
from shared.runtime.decision import Context, Decision, Document
from shared.runtime.personal import Erased, Personal, by_a_person, covers

ABOUT_SOMEBODY = ("name", "contact", "title", "error_information")
TOLD = frozenset({*ABOUT_SOMEBODY, "text"})
KNOWN = frozenset(name for message in MESSAGES for name in message.model_fields)


def is_erased(ticket: Inquiry) -> bool:
    return ticket.draft is None and all(getattr(ticket, name) in (None, ERASED_TEXT) for name in ABOUT_SOMEBODY)


def erase(ticket: Inquiry, _message: EraseInquiry, ctx: Context) -> Decision[Inquiry]:
    """Nobody is left to be answered."""
    by_a_person(ctx)
    return _erased(ticket, ctx)


def late(opened: Decision[Inquiry], erased: Erased | None, ctx: Context) -> Decision[Inquiry]:
    """A ticket that is heard of only after its customer was erased is over when it opens."""
    if not covers(erased, ctx):
        return opened
    over = _erased(opened.state, ctx)
    silent = [replace(row, document=row.document | {"text": ERASED_TEXT}) for row in opened.rows]
    return Decision(over.state, [*opened.events, *over.events], silent)


def _erased(ticket: Inquiry, ctx: Context) -> Decision[Inquiry]:
    gone = {name: ERASED_TEXT for name in ABOUT_SOMEBODY if getattr(ticket, name)}
    erased = ticket.changed(**gone, draft=None, erased_at=ctx.now)
    if ticket.status is InquiryStatus.RESOLVED:
        return Decision(erased)
    return Decision(erased.move(Move.RESOLVE, resolved_at=ctx.now), [InquiryResolved])


def _strip(message: Document) -> Document:
    """Fields that no message has may say anything."""
    return {name: ERASED_TEXT if name in TOLD and value else value for name, value in message.items() if name in KNOWN}


def _strip_answer(ticket: Document) -> Document:
    gone = {name: ERASED_TEXT for name in ABOUT_SOMEBODY if ticket.get(name)}
    return ticket | gone | ({"draft": None} if "draft" in ticket else {})


PERSONAL = Personal("customer_id", _strip, _strip_answer)
