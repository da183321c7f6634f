"""What people do to a ticket over HTTP, as messages of the same table that answers the inbox."""

from typing import Annotated

from pydantic import Field

from services.inquiries.domain.message import Author
from shared.contracts.base import Code, Id, Name
from shared.contracts.inbox_inquiries import InquiriesMessage, MessageText
from shared.contracts.inquiries import Category, OrderMoment


class PostMessage(InquiriesMessage):
    text: MessageText
    public: bool = True
    """Seen by the customer; otherwise a note between agents."""
    author: Author | None = None
    """By default whoever acts; staff may write down what a customer said."""


class AmendInquiry(InquiriesMessage):
    """What the ticket is about, added or corrected. Only the fields that are given change; null removes."""

    title: Annotated[str, Field(max_length=200)] | None = None
    category: Category | None = None
    name: Name | None = None
    contact: Annotated[str, Field(max_length=200)] | None = None
    order_id: Id | None = None
    line_ids: Annotated[tuple[Id, ...], Field(max_length=500)] = ()
    product_id: Id | None = None
    error_information: Annotated[str, Field(max_length=2000)] | None = None


class AssignInquiry(InquiriesMessage):
    assignee: Code | None
    """None gives the ticket back to the team."""


class WaitForOrder(InquiriesMessage):
    moment: OrderMoment


class ResolveInquiry(InquiriesMessage):
    pass


class ReopenInquiry(InquiriesMessage):
    pass
