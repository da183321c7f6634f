"""The ticket: what a customer asked, where it stands, and who owes whom an answer."""

from datetime import datetime
from typing import Any, Self

from services.inquiries.domain.categories import missing
from services.inquiries.domain.drafts import Draft
from services.inquiries.domain.message import Author, Message
from services.inquiries.domain.moves import Move, after, allowed
from shared.contracts.base import Code, Contract, Count, Id, Utc
from shared.contracts.inquiries import Category, Channel, InquiryState, InquiryStatus, OrderMoment
from shared.runtime.decision import Context

ERASED_TEXT = "(erased)"
"""In place of what was there: what was given stays given, so nothing is asked for again."""


class Inquiry(Contract):
    inquiry_id: Id
    channel: Channel
    customer_id: Id | None = None
    name: str | None = None
    contact: str | None = None
    category: Category | None = None
    order_id: Id | None = None
    line_ids: tuple[Id, ...] = ()
    product_id: Id | None = None
    title: str | None = None
    error_information: str | None = None
    status: InquiryStatus = InquiryStatus.NEW
    assignee: Code | None = None
    waiting_for: OrderMoment | None = None
    created_at: Utc
    first_response_at: Utc | None = None
    resolved_at: Utc | None = None
    reopen_count: Count = 0
    messages: Count = 0
    draft: Draft | None = None
    """A reply we propose; sending any reply uses it up."""
    submitted: str
    """Fingerprint of the message that opened it, to tell an exact repeat from another inquiry under the same id."""
    erased_at: Utc | None = None
    """When its customer was erased; what is told of a time before is counted and not kept."""

    @property
    def missing_fields(self) -> tuple[str, ...]:
        return missing(self.category, (name for name, value in self if value))

    @property
    def allowed_actions(self) -> tuple[str, ...]:
        actions = allowed(self.status)
        return actions if self.order_id else tuple(action for action in actions if action != Move.WAIT)

    def public(self) -> InquiryState:
        """Codes, ids and times: what may leave the service. Texts, name and contact stay."""
        facts = {name: getattr(self, name) for name in InquiryState.model_fields}
        return InquiryState.model_construct(**facts)

    def erased_since(self, moment: datetime) -> bool:
        """What is told of that moment comes late, or again."""
        return self.erased_at is not None and moment <= self.erased_at

    def changed(self, **changes: Any) -> Self:
        return self.model_copy(update=changes)

    def move(self, move: Move, **changes: Any) -> Self:
        status = after(self.status, move)
        if status is not InquiryStatus.WAITING_EVENT:
            changes["waiting_for"] = None
        if self.status is InquiryStatus.RESOLVED and status is InquiryStatus.OPEN:
            changes |= {"resolved_at": None, "reopen_count": self.reopen_count + 1}
        return self.changed(status=status, **changes)

    def say(self, ctx: Context, author: Author, text: str, *, public: bool) -> tuple[Self, Message]:
        """The ticket that counts one message more, and that message."""
        number = self.messages + 1
        message = Message(
            inquiry_id=self.inquiry_id,
            number=number,
            author=author,
            by=str(ctx.actor),
            public=public,
            text=ERASED_TEXT if self.erased_since(ctx.now) else text,
            at=ctx.now,
        )
        return self.changed(messages=number), message
