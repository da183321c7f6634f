"""As a producer: every event that inquiries publishes is the golden example of its type."""

import pytest

from services.inquiries.commands import (
    AmendInquiry,
    AssignInquiry,
    PostMessage,
    ReopenInquiry,
    ResolveInquiry,
    WaitForOrder,
)
from shared.contracts import inquiries
from shared.contracts.envelope import Envelope
from shared.contracts.inbox_inquiries import CustomerMessageReceived, InquiriesMessage
from shared.contracts.inquiries import OrderMoment
from tests.inquiries.given import INQUIRY_ID, a_desk, a_question, shipped
from tests.support.golden import assert_golden


def a_tickets_life() -> dict[str, Envelope]:
    """The last event of each type from a life in which everything happens."""
    desk = a_desk()
    desk.deliver(a_question(category=None))
    steps: list[InquiriesMessage] = [
        AssignInquiry(inquiry_id=INQUIRY_ID, assignee="agent:lee"),
        AmendInquiry.model_validate(
            {"inquiry_id": INQUIRY_ID, "category": "order.delivery", "product_id": "prd_1", "contact": None}
        ),
        WaitForOrder(inquiry_id=INQUIRY_ID, moment=OrderMoment.SHIPPED),
    ]
    for step in steps:
        desk.command(step, INQUIRY_ID, "agent:lee", if_match=0)
    desk.deliver(shipped())
    desk.command(PostMessage(inquiry_id=INQUIRY_ID, text="It is on its way."), INQUIRY_ID, "agent:lee")
    desk.deliver(CustomerMessageReceived(inquiry_id=INQUIRY_ID, text="Thank you!"))
    desk.command(ResolveInquiry(inquiry_id=INQUIRY_ID), INQUIRY_ID, "agent:lee")
    desk.command(ReopenInquiry(inquiry_id=INQUIRY_ID), INQUIRY_ID, "agent:lee")
    return {envelope.type: envelope for envelope in desk.events}


LIFE = a_tickets_life()


def test_every_type_of_event_happens_in_it() -> None:
    assert set(LIFE) == {event.wire_type() for event in inquiries.EVENTS}


@pytest.mark.parametrize("wire_type", sorted(LIFE))
def test_a_published_event_is_the_golden_one(wire_type: str) -> None:
    assert_golden(LIFE[wire_type])
