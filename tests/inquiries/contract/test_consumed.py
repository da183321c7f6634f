"""As a consumer: the golden messages of every subscribed topic go through the real handlers."""

import json
from dataclasses import replace

import pytest

from services.inquiries.handlers import TABLE
from services.inquiries.repository import INQUIRY, ORDER_CARD, PRODUCT_CARD
from shared.contracts import catalog, inbox_inquiries, orders
from shared.contracts.base import Message
from shared.contracts.envelope import Envelope
from tests.inquiries.given import a_desk, a_question
from tests.support.golden import golden
from tests.support.memory import MemoryRuntime

PRODUCT_EVENTS = [event for event in catalog.EVENTS if issubclass(event, catalog.ProductEvent)]
RESERVATION_EVENTS = [event for event in catalog.EVENTS if event not in PRODUCT_EVENTS]


def named(event: type[Message]) -> str:
    return event.__name__


def newer(envelope: Envelope) -> Envelope:
    """As a later version of its sender would write it: with fields we have never heard of."""
    value = json.loads(envelope.data)
    for part in ("order", "product"):
        if part in value:
            value[part]["a_new_field"] = {"deep": [1]}
    return replace(envelope, data=json.dumps({**value, "another": None}).encode())


def delivered(envelope: Envelope) -> MemoryRuntime:
    desk = a_desk()
    desk.deliver(envelope)
    return desk


@pytest.mark.parametrize("event", orders.EVENTS, ids=named)
def test_an_order_event_becomes_a_card_and_a_line(event: type[orders.OrderEvent]) -> None:
    for envelope in (golden(event.wire_type()), newer(golden(event.wire_type()))):
        desk = delivered(envelope)
        card = desk.state(ORDER_CARD, envelope.subject)
        assert card is not None
        assert card.order == event.model_validate_json(envelope.data).order
        assert card.sequence == envelope.sequence
        [line] = desk.rows["order_timeline"].values()
        assert line["type"] == event.__name__
        assert desk.counts == {"applied": 1}


@pytest.mark.parametrize("event", PRODUCT_EVENTS, ids=named)
def test_a_product_event_becomes_a_card(event: type[catalog.ProductEvent]) -> None:
    for envelope in (golden(event.wire_type()), newer(golden(event.wire_type()))):
        desk = delivered(envelope)
        card = desk.state(PRODUCT_CARD, envelope.subject)
        assert card is not None
        assert card.name == event.model_validate_json(envelope.data).product.name
        assert desk.counts == {"applied": 1}


@pytest.mark.parametrize("event", RESERVATION_EVENTS, ids=named)
def test_reservations_are_read_past(event: type[Message]) -> None:
    assert delivered(golden(event.wire_type())).counts == {"read_past": 1}


def test_a_type_nobody_has_heard_of_is_read_past() -> None:
    envelope = replace(golden("orders.OrderPlaced.v1"), type="orders.OrderBlessed.v1")
    assert delivered(envelope).counts == {"read_past": 1}


@pytest.mark.parametrize("message", inbox_inquiries.MESSAGES, ids=named)
def test_an_inbox_message_lands_on_its_ticket(message: type[inbox_inquiries.InquiriesMessage]) -> None:
    for envelope in (golden(message.wire_type()), newer(golden(message.wire_type()))):
        desk = a_desk()
        if message is not inbox_inquiries.InquirySubmitted:
            desk.deliver(a_question(inquiry_id=envelope.subject))
        desk.deliver(envelope)
        ticket = desk.state(INQUIRY, envelope.subject)
        assert ticket is not None
        assert desk.parked == []
        assert json.loads(envelope.data)["text"] in [row["text"] for row in desk.rows["messages"].values()]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"channel": "pigeon"}, "channel"),
        ({"text": ""}, "text"),
        ({"text": "x" * 10_001}, "text"),
        ({"category": "order.nonsense"}, "category"),
        ({"order_id": "no such/id"}, "order_id"),
        ({"inquiry_id": "inq_other"}, "inquiry_id"),
        ({"line_ids": [f"l{n}" for n in range(501)]}, "line_ids"),
    ],
)
def test_a_wrong_inbox_message_is_parked_and_its_sender_told_which_field(change: dict[str, object], field: str) -> None:
    envelope = golden("inquiries.InquirySubmitted.v1")
    value = json.loads(envelope.data) | change
    desk = delivered(replace(envelope, data=json.dumps(value).encode()))
    assert [(parked.fault.error, parked.fault.field) for parked in desk.parked] == [("INVALID", field)]
    [rejected] = desk.rejected
    assert json.loads(rejected.data)["field"] == field
    assert not any(str(wrong).encode() in rejected.data for wrong in change.values() if wrong)


def test_another_inquiry_under_the_same_id_is_parked_and_rejected() -> None:
    desk = a_desk()
    desk.deliver(a_question())
    desk.deliver(a_question(text="Something else"))
    assert [parked.fault.error for parked in desk.parked] == ["ILLEGAL_MOVE"]
    assert json.loads(desk.rejected[0].data)["field"] == "inquiry_id"


def test_the_table_answers_every_event_of_orders_and_of_products() -> None:
    known = {event.wire_type() for event in (*orders.EVENTS, *PRODUCT_EVENTS)}
    assert known <= set(TABLE.by_type)
