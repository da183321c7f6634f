"""Inquiries from chat channels over Kafka: in any order, wrong ones refused visibly, the others flow."""

import json
from dataclasses import replace

import pytest

from shared.contracts.envelope import Envelope
from shared.contracts.inbox_inquiries import CustomerMessageReceived
from shared.contracts.inquiries import InquiryState
from tests.inquiries.given import a_question
from tests.inquiries.integration.conftest import Desk
from tests.support.eventually import eventually
from tests.support.memory import message_envelope

pytestmark = pytest.mark.stack


def question(id: str) -> Envelope:
    return message_envelope(a_question(inquiry_id=id))


async def test_a_message_before_its_inquiry_waits_and_an_exact_repeat_changes_nothing(desk: Desk) -> None:
    hello = message_envelope(CustomerMessageReceived(inquiry_id="inq_chat", text="Hello?"))
    await desk.tell(hello, hello, question("inq_chat"), question("inq_chat"), hello)
    await desk.tell(question("inq_chat_end"))
    await desk.sees("inq_chat_end", lambda ticket: ticket.get("status"))
    ticket = await desk.sees("inq_chat", lambda ticket: ticket.get("messages_total") == 2)
    assert [message["text"] for message in ticket["messages"]] == ["Where is my parcel?", "Hello?"]


async def test_a_wrong_message_is_rejected_and_parked_and_the_next_of_its_key_applied(desk: Desk) -> None:
    good = question("inq_wrong_chat")
    value = json.loads(good.data) | {"channel": "pigeon", "text": "Call me at 010-9999-8888"}
    wrong = replace(good, id="wrong-1", data=json.dumps(value).encode())
    await desk.tell(wrong, good)
    await desk.sees("inq_wrong_chat", lambda ticket: ticket.get("status") == "NEW")

    async def rejected() -> Envelope | None:
        found = await desk.store.read("inquiries.rejected")
        return next((one for one in found if one.subject == "inq_wrong_chat"), None)

    answer = await eventually(rejected)
    assert answer is not None
    told = json.loads(answer.data)
    assert (told["message_id"], told["field"], told["error"]) == ("wrong-1", "channel", "INVALID")
    assert b"010-9999" not in answer.data
    parked = (await desk.http.get("/ops/parked", params={"key": "inq_wrong_chat"})).json()["items"]
    assert [row["error"] for row in parked] == ["INVALID"]


async def test_what_is_published_carries_the_state_and_nothing_personal(desk: Desk) -> None:
    await desk.tell(question("inq_told"))

    async def told() -> list[Envelope]:
        return [one for one in await desk.store.read("inquiries.events") if one.subject == "inq_told"]

    [opened] = await eventually(told)
    assert (opened.type, opened.sequence, opened.aggregate) == ("inquiries.InquiryOpened.v1", 1, "inquiry")
    state = InquiryState.model_validate(json.loads(opened.data)["inquiry"])
    assert (state.inquiry_id, state.customer_id) == ("inq_told", "cus_1")
    assert not any(word in opened.data for word in (b"Kim", b"010-1234", b"parcel"))
