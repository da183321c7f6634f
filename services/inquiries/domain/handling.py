"""What agents do to a ticket besides talking."""

from functools import partial

from services.inquiries.commands import AmendInquiry, AssignInquiry, ReopenInquiry, ResolveInquiry
from services.inquiries.domain.drafts import DraftReason, ask_for
from services.inquiries.domain.inquiry import Inquiry
from services.inquiries.domain.moves import Move
from shared.contracts.inquiries import (
    InquiryAmended,
    InquiryAssigned,
    InquiryCategorised,
    InquiryReopened,
    InquiryResolved,
    InquiryStatus,
)
from shared.runtime.decision import Announcement, Context, Decision, IllegalMove


def assign(ticket: Inquiry, message: AssignInquiry, _ctx: Context) -> Decision[Inquiry]:
    assigned = ticket.move(Move.ASSIGN, assignee=message.assignee)
    return Decision(ticket) if assigned == ticket else Decision(assigned, [InquiryAssigned])


def resolve(ticket: Inquiry, _message: ResolveInquiry, ctx: Context) -> Decision[Inquiry]:
    return Decision(ticket.move(Move.RESOLVE, resolved_at=ctx.now, draft=None), [InquiryResolved])


def reopen(ticket: Inquiry, _message: ReopenInquiry, _ctx: Context) -> Decision[Inquiry]:
    return Decision(ticket.move(Move.REOPEN), [partial(InquiryReopened, reason="AGENT")])


def amend(ticket: Inquiry, message: AmendInquiry, ctx: Context) -> Decision[Inquiry]:
    given = {name: getattr(message, name) for name in message.model_fields_set - {"inquiry_id"}}
    changes = {name: value for name, value in given.items() if value != getattr(ticket, name)}
    if not changes:
        return Decision(ticket)
    if "order_id" in changes and ticket.status is InquiryStatus.WAITING_EVENT:
        sentence = f"the inquiry waits for order {ticket.order_id}; reopen it before naming another order"
        raise IllegalMove(sentence, field="order_id", allowed=ticket.allowed_actions)
    amended = _ask_anew(ticket.move(Move.AMEND, **changes), ctx)
    return Decision(amended, _amendments(sorted(changes)))


def _ask_anew(ticket: Inquiry, ctx: Context) -> Inquiry:
    """Only a request for information follows what is missing; a draft with news stays."""
    if ticket.draft is not None and ticket.draft.reason is not DraftReason.MISSING_FIELDS:
        return ticket
    return ticket.changed(draft=ask_for(ticket.missing_fields, ctx.policy))


def _amendments(fields: list[str]) -> list[Announcement]:
    others = tuple(field for field in fields if field != "category")
    events: list[Announcement] = [InquiryCategorised] if "category" in fields else []
    return [*events, partial(InquiryAmended, fields=others)] if others else events
