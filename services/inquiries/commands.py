"""What people do to a ticket over HTTP, as messages of the same table that answers the inbox."""

from typing import Annotated

from pydantic import Field

from services.inquiries.domain.message import Author
from shared.contracts.base import Code, Contract, Id, Name
from shared.contracts.inbox_inquiries import InquiriesMessage, MessageText
from shared.contracts.inquiries import Category, OrderMoment


class NewMessage(Contract):
    text: MessageText
    public: bool = True
    """Seen by the customer; otherwise a note between agents."""
    author: Author | None = None
    """By default whoever acts; staff may write down what a customer said."""


class Amendment(Contract, extra="forbid"):
    """What the ticket is about and who asks, added or corrected. Only the fields given change; null removes."""

    title: Annotated[str, Field(max_length=200)] | None = None
    category: Category | None = None
    name: Name | None = None
    contact: Annotated[str, Field(max_length=200)] | None = None
    order_id: Id | None = None
    line_ids: Annotated[tuple[Id, ...], Field(max_length=500)] = ()
    product_id: Id | None = None
    error_information: Annotated[str, Field(max_length=2000)] | None = None


class Assignment(Contract):
    assignee: Code | None
    """Null gives the ticket back to the team."""


class PostMessage(NewMessage, InquiriesMessage):
    pass


class AmendInquiry(Amendment, InquiriesMessage, extra="ignore"):
    pass


class AssignInquiry(Assignment, InquiriesMessage):
    pass


class WaitForOrder(InquiriesMessage):
    moment: OrderMoment


class ResolveInquiry(InquiriesMessage):
    pass


class ReopenInquiry(InquiriesMessage):
    pass


class EraseInquiry(InquiriesMessage):
    """Its customer is erased."""
