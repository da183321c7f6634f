"""What other systems may tell inquiries: `inquiries.inbox`, key = `ce_subject` = inquiry id."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from shared.contracts.base import Id, InboxMessage, Name
from shared.contracts.inquiries import Category, Channel

MessageText = Annotated[str, StringConstraints(min_length=1, max_length=10_000, strip_whitespace=True)]


class InquiriesMessage(InboxMessage):
    service: ClassVar[str] = "inquiries"
    subject_field: ClassVar[str] = "inquiry_id"
    inquiry_id: Id


class InquirySubmitted(InquiriesMessage):
    """A customer asks. Missing information never refuses it: `missing_fields` will say what to ask for."""

    channel: Channel
    customer_id: Id | None = None
    name: Name | None = None
    contact: Annotated[str, Field(max_length=200)] | None = None
    category: Category | None = None
    order_id: Id | None = None
    line_ids: Annotated[tuple[Id, ...], Field(max_length=500)] = ()
    product_id: Id | None = None
    title: Annotated[str, Field(max_length=200)] | None = None
    text: MessageText
    error_information: Annotated[str, Field(max_length=2000)] | None = None
    """For payment.error: what the customer saw."""


class CustomerMessageReceived(InquiriesMessage):
    text: MessageText


MESSAGES: tuple[type[InquiriesMessage], ...] = (InquirySubmitted, CustomerMessageReceived)
