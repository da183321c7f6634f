"""What HTTP shows: a ticket, its conversation, and the cards joined to it."""

from typing import Any, Self

from pydantic import Field

from services.inquiries.domain.drafts import Draft
from services.inquiries.domain.inquiry import Inquiry
from services.inquiries.domain.message import Author
from services.inquiries.domain.order_card import OrderCard, Standing
from services.inquiries.domain.product_card import ProductCard
from shared.contracts.base import Contract, Utc
from shared.contracts.inquiries import InquiryState
from shared.contracts.order_state import OrderState


class TicketView(InquiryState):
    """Agents see what events do not carry: who asks, what was said, and the reply we propose."""

    name: str | None
    contact: str | None
    title: str | None
    error_information: str | None
    messages_total: int
    draft: Draft | None
    allowed_actions: tuple[str, ...]

    @classmethod
    def of(cls, ticket: Inquiry) -> "TicketView":
        shown = {name: getattr(ticket, name) for name in TicketView.model_fields if name != "messages_total"}
        return TicketView.model_construct(**shown, messages_total=ticket.messages)


class MessageView(Contract):
    number: int
    author: Author
    by: str
    public: bool
    text: str
    at: Utc


class TimelineLine(Contract):
    sequence: int
    type: str
    occurred_at: Utc
    facts: dict[str, Any]


class OrderView(Contract):
    """The order as its newest event told it, `as_of` when that happened, and what happened before, newest first."""

    as_of: Utc
    sequence: int
    customer_unverified: bool
    """The ticket or the order has no customer to compare: nothing that names one is shown."""
    state: OrderState
    timeline: tuple[TimelineLine, ...]

    @classmethod
    def of(cls, card: OrderCard, standing: Standing, lines: list[dict[str, Any]]) -> Self:
        assert card.order is not None
        assert card.as_of is not None
        unverified = standing is Standing.UNVERIFIED
        state = card.order.model_copy(update={"customer_id": None}) if unverified else card.order
        timeline = tuple(TimelineLine.model_validate(line) for line in lines)
        return cls(
            as_of=card.as_of,
            sequence=card.sequence,
            customer_unverified=unverified,
            state=state,
            timeline=timeline,
        )


class JoinedTicketView(TicketView):
    messages: tuple[MessageView, ...]
    """The newest hundred, oldest first; `GET …/messages` has them all."""
    order_state: Standing
    """Whether the order is shown, and why not."""
    customer_mismatch: bool
    order: OrderView | None
    product_state: str
    product: ProductCard | None
    behind: int | None = Field(
        description="Events of orders and products that are told and not on the cards yet, as counted within the last "
        "seconds; null while Kafka does not say. Each card's own `as_of` says when its newest event happened."
    )
