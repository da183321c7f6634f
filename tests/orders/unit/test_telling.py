"""The timeline of an order: one row per event, written with it, and a sentence that says what changed."""

from datetime import timedelta

import pytest

from services.orders.domain.telling import NAMED, tell
from services.orders.repository import ORDER
from shared.contracts import orders
from shared.contracts.inbox_orders import Recipient
from shared.contracts.orders import OrderEvent
from shared.runtime.decision import Document
from shared.runtime.history import collection_of
from tests.orders.given import ID, Desk, a_line, a_placed_order, cancel, declined, paid, placed, reserved, shipped
from tests.support.golden import golden
from tests.support.memory import T0, message_envelope


def example(event: type[OrderEvent]) -> OrderEvent:
    return event.model_validate_json(golden(event.wire_type()).data)


def lines(desk: Desk) -> list[Document]:
    return [line for row in desk.rows[collection_of(ORDER)].values() for line in row["lines"]]


def test_every_event_has_a_sentence_of_its_own() -> None:
    told = [tell(example(event)) for event in orders.EVENTS]
    assert len(set(told)) == len(told)


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (orders.OrderShipped, "Parcel shp_1 with CJGLS, 6891-0420-1101: 1 of line 2"),
        (orders.ClaimRequested, "Claim clm_1, cancel of 1 of line 1: requested (COLOR_AND_SIZE)"),
        (orders.ClaimCollecting, "Claim clm_4, return of 1 of line 2: collecting, CJGLS, 6891-0420-1190"),
        (orders.ClaimCollected, "Claim clm_4, return of 1 of line 2: collected, 1 good and 0 damaged"),
        (orders.RefundSettled, "Refund settled, rfd_goodwill: 2,000 KRW (GOODWILL, LATE_PARCEL)"),
    ],
)
def test_a_sentence_names_quantities_ids_and_amounts(event: type[OrderEvent], sentence: str) -> None:
    assert tell(example(event)) == sentence


def test_payments_are_told_with_their_amounts() -> None:
    desk = a_placed_order().tell(declined(), paid())
    assert [line["text"] for line in lines(desk)[1:]] == [
        "Payment pay_0 of 13,000 KRW failed: CARD_LIMIT",
        "Payment pay_1: 13,000 KRW",
    ]


def test_the_history_has_each_published_event_once_and_in_order() -> None:
    desk = a_placed_order().tell(paid(), paid()).catalog_says(reserved()).tell(cancel(decided=True), shipped())
    kept = [(line["sequence"], line["type"], line["event_id"], line["at"]) for line in lines(desk)]
    assert [sequence for sequence, *_ in kept] == list(range(1, len(kept) + 1))
    assert kept == [(e.sequence, e.type.split(".")[1], e.id, e.time) for e in desk.events]


def test_what_one_batch_does_to_an_order_is_one_row() -> None:
    desk = Desk()
    desk.deliver(placed(), paid(), shipped())
    (row,) = desk.rows[collection_of(ORDER)].items()
    assert (row[0], row[1]["last"], len(row[1]["lines"])) == (f"{ID}/000000001", 3, 3)


def test_it_says_who_did_it_and_where_that_was_told() -> None:
    desk = Desk()
    desk.deliver(message_envelope(placed(), source="/marketplace", time=T0))
    desk.deliver(message_envelope(paid(), source="/payments", time=T0 + timedelta(hours=1)))
    desk.ask(cancel(), actor="buyer:7")
    told = [(line["by"], line["source"]) for line in lines(desk)]
    assert told == [("system:/marketplace", "/marketplace"), ("system:/payments", "/payments"), ("buyer:7", "/http")]


def test_who_receives_the_goods_is_not_in_it() -> None:
    desk = a_placed_order(recipient=Recipient(name="Hong Gildong", address="Jong-ro 1"))
    assert not any(word in str(desk.rows) for word in ("Hong", "Jong-ro"))


def test_a_sentence_stays_readable_with_hundreds_of_lines() -> None:
    desk = a_placed_order(*(a_line(str(n), 1, 100) for n in range(300)), fee=0)
    desk.tell(paid(30_000), shipped())
    assert lines(desk)[-1]["text"].endswith(f"and {300 - NAMED} lines more")
