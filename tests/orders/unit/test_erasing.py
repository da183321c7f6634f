"""A customer is erased: nothing told late, or again, brings back who received their orders."""

import json
from datetime import datetime, timedelta

import pytest

from services.orders.answering import shown
from services.orders.commands import ChangeRecipient, EraseRecipient
from services.orders.domain.erasing import PERSONAL, StillNeeded, still_needed
from services.orders.domain.moves import Move
from services.orders.repository import ORDER
from shared.contracts.envelope import encode
from shared.contracts.inbox_orders import OrderSubmitted, Recipient
from shared.runtime.decision import Actor, IllegalMove
from shared.runtime.personal import ErasePerson
from tests.orders.given import ID, SELLER, Desk, a_placed_order, delivered, paid, placed, sent_back, shipped
from tests.support.memory import T0, message_envelope

SOMEBODY = Recipient(name="Hong Gildong", address="Jong-ro 1", phone="000-0000-0000")
SECRETS = ("Hong", "Jong-ro", "000-0000")
LATER = T0 + timedelta(days=30)


def by_somebody(**fields: object) -> OrderSubmitted:
    return placed(**{"customer_id": "cus_1", "recipient": SOMEBODY} | fields)  # type: ignore[arg-type]


def erase(desk: Desk, at: datetime = LATER) -> Desk:
    for order in [ref.id for ref in desk.documents if ref.kind is ORDER]:
        desk.command(EraseRecipient(order_id=order), order, SELLER, at=at)
    desk.command(ErasePerson(), "cus_1", SELLER, at=at)
    return desk


def an_erased_order() -> Desk:
    return erase(Desk().tell(by_somebody(), paid(), shipped(), delivered()))


def told(desk: Desk, message: OrderSubmitted, at: datetime) -> Desk:
    desk.deliver(message_envelope(message, time=at, id=f"again-{at}"))
    return desk


def keeps(desk: Desk) -> list[str]:
    everything = f"{desk.documents} {desk.rows} {desk.records} {desk.held}"
    return [secret for secret in SECRETS if secret in everything]


def test_its_recipient_is_gone_and_the_order_stays() -> None:
    before = Desk().tell(by_somebody(), paid(), shipped(), delivered())
    assert keeps(before) == ["Hong", "Jong-ro", "000-0000"]
    after = an_erased_order()
    assert keeps(after) == []
    assert after.public == before.public
    assert after.order.erased_at == LATER
    assert after.event_types == before.event_types


@pytest.mark.parametrize("days", [0, 1, 29, 31])
def test_told_again_with_whatever_content_it_stays_erased(days: int) -> None:
    desk = an_erased_order()
    for message in (by_somebody(), by_somebody(channel="other"), by_somebody(recipient=SOMEBODY)):
        told(desk, message, T0 + timedelta(days=days))
    assert (keeps(desk), desk.parked) == ([], [])


def test_an_order_from_before_that_comes_late_has_no_recipient() -> None:
    desk = told(an_erased_order(), by_somebody(order_id="ord_late"), LATER - timedelta(days=1))
    late = desk.state(ORDER, "ord_late")
    assert late is not None and (late.recipient, late.state.customer_id) == (None, "cus_1")
    assert keeps(desk) == []
    with pytest.raises(IllegalMove, match="erased") as refused:
        desk.command(ChangeRecipient(order_id="ord_late", recipient=SOMEBODY), "ord_late", SELLER, at=LATER)
    actions = shown(late, Actor("seller", "local"))["allowed_actions"]
    assert Move.CHANGE_RECIPIENT not in actions
    assert tuple(actions) == refused.value.allowed


def test_who_comes_back_is_a_customer_like_any_other() -> None:
    desk = told(an_erased_order(), by_somebody(order_id="ord_new"), LATER + timedelta(days=1))
    order = desk.state(ORDER, "ord_new")
    assert order is not None and order.recipient == SOMEBODY


def test_it_is_refused_while_somebody_has_to_be_sent_something() -> None:
    desk = a_placed_order(customer_id="cus_1").tell(paid())
    assert still_needed(desk.public) == "3 units are to be shipped or cancelled"
    with pytest.raises(StillNeeded) as refused:
        erase(desk)
    assert refused.value.fields == {f"orders.{ID}": "3 units are to be shipped or cancelled"}
    desk.tell(shipped(wanted={"1": 2}))
    assert still_needed(desk.public) == "1 units are to be shipped or cancelled"


def test_it_is_refused_while_something_is_to_be_fetched() -> None:
    desk = Desk().tell(by_somebody(), paid(), shipped(), delivered(), sent_back(wanted={"1": 1}))
    assert still_needed(desk.public) == "claim clm_1 is open"


def test_no_other_system_erases_anybody() -> None:
    desk = Desk().tell(by_somebody(), paid(), shipped(), delivered(), EraseRecipient(order_id=ID))
    desk.deliver(message_envelope(ErasePerson(), subject="cus_1"))
    assert desk.refused == [("ILLEGAL_MOVE", None)] * 2
    assert desk.order.recipient == SOMEBODY


def test_a_message_loses_its_recipient_and_whatever_field_no_message_has() -> None:
    message = json.loads(by_somebody().model_dump_json())
    value = json.dumps(message | {"phone_of_buyer": "000-0000-0000"}).encode()
    clean = PERSONAL.redacted(value)
    assert clean is not None and json.loads(clean) == {n: v for n, v in message.items() if n != "recipient"}
    structured = PERSONAL.redacted(json.dumps({"specversion": "1.0", "data": message}).encode())
    assert structured is not None and not any(secret.encode() in structured for secret in SECRETS)
    assert PERSONAL.redacted(clean) == clean


def test_a_line_of_a_message_keeps_only_what_lines_have() -> None:
    message = json.loads(by_somebody().model_dump_json(exclude={"recipient"}))
    lines = [line | {"engraving": SOMEBODY.name, "recipient": {"name": SOMEBODY.name}} for line in message["lines"]]
    clean = PERSONAL.redacted(json.dumps(message | {"lines": lines}).encode())
    assert clean is not None and json.loads(clean) == message


def test_what_an_exception_says_of_a_record_goes_with_it() -> None:
    record = {"value": b'{"order_id": "o"}', "headers": []}
    raised = {"record": record, "error": "RAISED", "sentence": f"BulkWriteError: {{'name': '{SOMEBODY.name}'}}"}
    assert PERSONAL.redacted_row(raised) == raised | {"sentence": "BulkWriteError"}
    answered = raised | {"error": "ILLEGAL_MOVE", "sentence": "not allowed: it is cancelled"}
    assert PERSONAL.redacted_row(answered) == answered


def test_a_record_keeps_only_the_headers_that_are_read_here() -> None:
    _, value, headers = encode(message_envelope(by_somebody(), traceparent="00-1-2-01", correlation_id="order-1"))
    read = [[name.title(), raw] for name, raw in headers]
    added = [[name, SOMEBODY.name.encode()] for name in ("x-buyer", "ce_buyername", "subject")]
    row = {"record": {"value": value, "headers": [*added, *read]}, "error": "INVALID", "sentence": "no"}
    assert PERSONAL.redacted_row(row)["record"]["headers"] == read


def test_a_structured_record_keeps_only_the_attributes_that_are_read_here() -> None:
    message = json.loads(by_somebody().model_dump_json(exclude={"recipient"}))
    event = {"specversion": "1.0", "id": "m", "traceparent": "00-1-2-01", "data": message}
    added = dict.fromkeys(["buyername", "ID", "Subject", "content-type"], SOMEBODY.name)
    clean = PERSONAL.redacted(json.dumps(event | added).encode())
    assert clean is not None and json.loads(clean) == event


def test_a_late_order_takes_its_number_and_one_told_again_takes_no_other() -> None:
    desk = told(an_erased_order(), by_somebody(client_order_number="of-another"), T0)
    told(desk, by_somebody(order_id="ord_2", client_order_number="of-another"), LATER + timedelta(days=1))
    assert desk.parked == []
    assert desk.state(ORDER, "ord_2") is not None


def test_the_later_of_two_erasures_counts_whichever_is_stored_last() -> None:
    desk = erase(an_erased_order(), at=LATER - timedelta(days=2))
    told(desk, by_somebody(order_id="ord_late"), LATER - timedelta(days=1))
    late = desk.state(ORDER, "ord_late")
    assert late is not None and late.recipient is None


@pytest.mark.parametrize("value", [b'{"customer_id": "cus_1", "recipient": {"name": "Ho', b"[1]", b"\xff", None])
def test_what_nobody_can_read_goes_as_a_whole(value: bytes | None) -> None:
    assert PERSONAL.redacted(value) is None


@pytest.mark.parametrize(
    ("value", "people"),
    [
        (b'{"customer_id":"cus_1"}', {"cus_1"}),
        (b'{"data": {"customer_id" : "cus_1", ', {"cus_1"}),
        (b'{"buyer": {"customer_id": "cus_2"}, "customer_id": "cus_1"}', {"cus_1", "cus_2"}),
        (b'{"customer_id": 17}', {"17"}),
        (b'{"customer_id": null}', set()),
        (b'{"order_id": "cus_1"}', set()),
        (None, set()),
    ],
)
def test_a_record_says_whose_it_is(value: bytes | None, people: set[str]) -> None:
    assert PERSONAL.people_of(value) == people
