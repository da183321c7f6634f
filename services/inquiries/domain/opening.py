"""A ticket begins. Missing information never refuses it."""

from hashlib import sha256

from services.inquiries.domain.drafts import ask_for
from services.inquiries.domain.inquiry import Inquiry
from services.inquiries.domain.message import Author
from shared.contracts.inbox_inquiries import InquirySubmitted
from shared.contracts.inquiries import InquiryOpened
from shared.runtime.decision import Context, Decision, IllegalMove

KEPT = frozenset(InquirySubmitted.model_fields) - {"inquiry_id", "text"}


def open_inquiry(known: Inquiry | None, message: InquirySubmitted, ctx: Context) -> Decision[Inquiry]:
    fingerprint = sha256(message.model_dump_json(exclude_defaults=True).encode()).hexdigest()
    if known is not None:
        return _repeated(known, fingerprint)
    brought = {name: getattr(message, name) for name in KEPT}
    ticket = Inquiry(inquiry_id=ctx.subject, created_at=ctx.now, submitted=fingerprint, **brought)
    ticket, question = ticket.say(ctx, Author.CUSTOMER, message.text, public=True)
    ticket = ticket.changed(draft=ask_for(ticket.missing_fields, ctx.policy))
    return Decision(ticket, [InquiryOpened], [question.row()])


def _repeated(known: Inquiry, fingerprint: str) -> Decision[Inquiry]:
    if known.submitted != fingerprint and known.erased_at is None:
        sentence = f"inquiry {known.inquiry_id} exists with other content; give this one another id"
        raise IllegalMove(sentence, field="inquiry_id", allowed=known.allowed_actions)
    return Decision(known)
