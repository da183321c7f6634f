"""A customer is erased: their tickets stay, without who asked and what was said, and nothing told late undoes it."""

import json
from datetime import datetime, timedelta

import pytest

from services.inquiries.commands import EraseInquiry
from services.inquiries.domain.erasing import PERSONAL
from services.inquiries.domain.inquiry import ERASED_TEXT, Inquiry
from services.inquiries.repository import INQUIRY
from shared.contracts.base import Message
from shared.contracts.inbox_inquiries import CustomerMessageReceived, InquirySubmitted
from shared.contracts.inquiries import InquiryStatus
from shared.runtime.personal import ErasePerson
from tests.inquiries.given import CUSTOMER_ID, INQUIRY_ID, a_desk, a_question, an_open_ticket
from tests.support.memory import T0, MemoryRuntime, message_envelope

LATER = T0 + timedelta(days=30)


def ticket(desk: MemoryRuntime, id: str = INQUIRY_ID) -> Inquiry:
    found = desk.state(INQUIRY, id)
    assert found is not None
    return found


def an_erased_ticket() -> MemoryRuntime:
    desk = an_open_ticket(a_desk())
    desk.command(EraseInquiry(inquiry_id=INQUIRY_ID), INQUIRY_ID, at=LATER)
    desk.command(ErasePerson(), CUSTOMER_ID, at=LATER)
    return desk


def told(desk: MemoryRuntime, message: Message, at: datetime) -> MemoryRuntime:
    desk.deliver(message_envelope(message, time=at, id=f"again-{at}"))
    return desk


def texts(desk: MemoryRuntime, id: str = INQUIRY_ID) -> list[str]:
    return [row["text"] for key, row in desk.rows["messages"].items() if key.startswith(f"{id}/")]


def test_who_asked_is_gone_and_that_it_was_asked_stays() -> None:
    before, after = ticket(an_open_ticket(a_desk())), ticket(an_erased_ticket())
    assert (after.name, after.contact, after.draft) == (ERASED_TEXT, ERASED_TEXT, None)
    assert (after.messages, after.category, after.missing_fields) == (before.messages, before.category, ())
    assert (after.customer_id, after.order_id) == (before.customer_id, before.order_id)


def test_an_open_ticket_is_resolved_for_nobody_is_left_to_be_answered() -> None:
    desk = an_erased_ticket()
    assert ticket(desk).status is InquiryStatus.RESOLVED
    assert desk.event_types == ["InquiryOpened", "InquiryResolved"]
    assert "name" not in json.loads(desk.events[-1].data)["inquiry"]


@pytest.mark.parametrize("again", [a_question(), a_question(name="Kim Min"), a_question(text="Well?")])
def test_told_again_with_whatever_content_it_stays_erased(again: InquirySubmitted) -> None:
    desk = told(an_erased_ticket(), again, T0)
    assert ticket(desk).name == ERASED_TEXT
    assert desk.parked == []


def test_a_message_from_before_is_counted_and_not_kept() -> None:
    desk = told(an_erased_ticket(), CustomerMessageReceived(inquiry_id=INQUIRY_ID, text="Kim here"), LATER)
    assert (texts(desk)[-1], ticket(desk).messages) == (ERASED_TEXT, 2)
    assert (ticket(desk).status, desk.event_types[-1]) == (InquiryStatus.RESOLVED, "CustomerReplied")
    told(desk, CustomerMessageReceived(inquiry_id=INQUIRY_ID, text="I am back"), LATER + timedelta(days=1))
    assert texts(desk)[-1] == "I am back"
    assert ticket(desk).status is InquiryStatus.OPEN


def test_a_ticket_from_before_that_comes_late_is_over_when_it_opens() -> None:
    desk = told(an_erased_ticket(), a_question(inquiry_id="inq_late"), LATER - timedelta(days=1))
    late = ticket(desk, "inq_late")
    assert (late.status, late.name, late.contact) == (InquiryStatus.RESOLVED, ERASED_TEXT, ERASED_TEXT)
    assert texts(desk, "inq_late") == [ERASED_TEXT]
    again = told(desk, a_question(inquiry_id="inq_new"), LATER + timedelta(days=1))
    assert (ticket(again, "inq_new").name, texts(again, "inq_new")) == ("Kim", ["Where is my parcel?"])


def test_a_message_keeps_its_facts_and_loses_its_texts() -> None:
    message = json.loads(a_question().model_dump_json()) | {"phone": "010"}
    clean = PERSONAL.redacted(json.dumps(message).encode())
    assert clean is not None
    told = json.loads(clean)
    assert {name for name, value in told.items() if value == ERASED_TEXT} == {"name", "contact", "text"}
    assert told.keys() == message.keys() - {"phone"}
    assert InquirySubmitted.model_validate(told).order_id == "ord_1"
