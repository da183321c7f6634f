from datetime import timedelta

import pytest

from services.inquiries.commands import PostMessage, ResolveInquiry, WaitForOrder
from services.inquiries.domain.inquiry import Inquiry
from services.inquiries.domain.message import Author
from services.inquiries.repository import INQUIRY
from shared.contracts.inbox_inquiries import CustomerMessageReceived
from shared.contracts.inquiries import InquiryStatus, OrderMoment
from shared.runtime.decision import Invalid
from tests.inquiries.given import INQUIRY_ID, a_desk, an_open_ticket
from tests.support.memory import T0, MemoryRuntime

LATER = T0 + timedelta(hours=1)


def post(desk: MemoryRuntime, actor: str = "agent:lee", **fields: object) -> Inquiry:
    message = PostMessage.model_validate({"inquiry_id": INQUIRY_ID, "text": "It is on its way.", **fields})
    ticket = desk.command(message, INQUIRY_ID, actor, at=LATER).get(INQUIRY, INQUIRY_ID)
    assert ticket is not None
    return ticket


def customer_writes(desk: MemoryRuntime, text: str = "And now?") -> Inquiry:
    desk.deliver(CustomerMessageReceived(inquiry_id=INQUIRY_ID, text=text))
    ticket = desk.state(INQUIRY, INQUIRY_ID)
    assert ticket is not None
    return ticket


def test_an_agents_answer_is_the_first_response_and_the_customer_is_next() -> None:
    desk = an_open_ticket(a_desk(), order_id=None)
    ticket = post(desk)
    assert (ticket.status, ticket.first_response_at) == (InquiryStatus.PENDING_CUSTOMER, LATER)
    assert ticket.draft is None
    assert desk.event_types[-1] == "InquiryAnswered"


def test_only_the_first_answer_counts_as_first_response() -> None:
    desk = an_open_ticket(a_desk())
    post(desk)
    message = PostMessage(inquiry_id=INQUIRY_ID, text="One more thing")
    desk.command(message, INQUIRY_ID, "agent:lee", at=LATER + timedelta(hours=1))
    ticket = desk.state(INQUIRY, INQUIRY_ID)
    assert ticket is not None
    assert ticket.first_response_at == LATER


@pytest.mark.parametrize("actor", ["bot:faq", "system:/mailer"])
def test_what_bots_and_the_system_say_is_no_first_response(actor: str) -> None:
    desk = an_open_ticket(a_desk())
    ticket = post(desk, actor)
    assert (ticket.status, ticket.first_response_at) == (InquiryStatus.NEW, None)
    assert desk.event_types[-1] == "InquiryAnswered"


def test_a_note_is_seen_by_agents_only_and_told_to_nobody() -> None:
    desk = an_open_ticket(a_desk())
    ticket = post(desk, public=False)
    assert (ticket.status, ticket.first_response_at, ticket.messages) == (InquiryStatus.NEW, None, 2)
    assert desk.rows["messages"][f"{INQUIRY_ID}/000002"]["public"] is False
    assert desk.event_types == ["InquiryOpened"]


def test_a_customers_message_on_a_resolved_inquiry_reopens_it() -> None:
    desk = an_open_ticket(a_desk())
    desk.command(ResolveInquiry(inquiry_id=INQUIRY_ID), INQUIRY_ID)
    ticket = customer_writes(desk)
    assert (ticket.status, ticket.reopen_count, ticket.resolved_at) == (InquiryStatus.OPEN, 1, None)
    assert desk.event_types[-2:] == ["CustomerReplied", "InquiryReopened"]
    assert b'"reason":"CUSTOMER"' in desk.events[-1].data


def test_a_customers_message_on_a_pending_inquiry_opens_it_without_counting_as_reopened() -> None:
    desk = an_open_ticket(a_desk())
    post(desk)
    ticket = customer_writes(desk)
    assert (ticket.status, ticket.reopen_count) == (InquiryStatus.OPEN, 0)
    assert desk.event_types[-1] == "CustomerReplied"


def test_a_customers_message_ends_the_wait_for_the_order() -> None:
    desk = an_open_ticket(a_desk())
    desk.command(WaitForOrder(inquiry_id=INQUIRY_ID, moment=OrderMoment.SHIPPED), INQUIRY_ID)
    ticket = customer_writes(desk)
    assert (ticket.status, ticket.waiting_for) == (InquiryStatus.OPEN, None)


def test_a_customers_message_on_a_new_inquiry_leaves_it_new() -> None:
    assert customer_writes(an_open_ticket(a_desk())).status is InquiryStatus.NEW


def test_an_answer_to_a_waiting_or_resolved_inquiry_leaves_it_as_it_is() -> None:
    desk = an_open_ticket(a_desk())
    desk.command(WaitForOrder(inquiry_id=INQUIRY_ID, moment=OrderMoment.SHIPPED), INQUIRY_ID)
    assert post(desk).status is InquiryStatus.WAITING_EVENT
    desk.command(ResolveInquiry(inquiry_id=INQUIRY_ID), INQUIRY_ID)
    assert post(desk, text="All good?").status is InquiryStatus.RESOLVED


def test_staff_may_write_down_what_a_customer_said() -> None:
    desk = an_open_ticket(a_desk())
    post(desk)
    ticket = post(desk, author="customer", text="She called again")
    assert ticket.status is InquiryStatus.OPEN
    said = desk.rows["messages"][f"{INQUIRY_ID}/000003"]
    assert (said["author"], said["by"]) == (Author.CUSTOMER, "agent:lee")


def test_a_buyer_writes_as_the_customer() -> None:
    desk = an_open_ticket(a_desk())
    post(desk, "buyer:cus_1")
    assert desk.rows["messages"][f"{INQUIRY_ID}/000002"]["author"] == Author.CUSTOMER
    assert desk.event_types[-1] == "CustomerReplied"


@pytest.mark.parametrize(
    ("actor", "fields", "field"),
    [
        ("buyer:cus_1", {"author": "agent"}, "author"),
        ("system:/crm", {"author": "agent"}, "author"),
        ("bot:faq", {"author": "customer"}, "author"),
        ("buyer:cus_1", {"public": False}, "public"),
        ("agent:lee", {"author": "customer", "public": False}, "public"),
    ],
)
def test_nobody_writes_as_somebody_else(actor: str, fields: dict[str, object], field: str) -> None:
    desk = an_open_ticket(a_desk())
    with pytest.raises(Invalid) as refusal:
        post(desk, actor, **fields)
    assert refusal.value.field == field
    assert desk.event_types == ["InquiryOpened"]


def test_messages_are_numbered_in_the_order_in_which_they_came() -> None:
    desk = an_open_ticket(a_desk())
    post(desk, text="one")
    customer_writes(desk, "two")
    assert [row["text"] for _, row in sorted(desk.rows["messages"].items())] == ["Where is my parcel?", "one", "two"]
