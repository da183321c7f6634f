"""As a consumer: the golden message of every order event goes through the real handlers."""

import json
from dataclasses import replace

import pytest

from services.analytics.handlers import TABLE
from services.analytics.ledger import ledger
from services.analytics.repository import ORDER_FACTS
from shared.contracts.envelope import Envelope
from shared.contracts.orders import EVENTS, OrderEvent
from tests.analytics.books import rollups_from, rollups_in, rows_in, some_books
from tests.analytics.orders import ZONE
from tests.support.golden import golden


def newer(envelope: Envelope) -> Envelope:
    """As a later version of orders would write it: with fields that we have never heard of."""
    value = json.loads(envelope.data)
    value["order"]["a_new_field"] = {"deep": [1]}
    return replace(envelope, data=json.dumps({**value, "another": None}).encode())


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_every_event_of_an_order_books_its_state(event: type[OrderEvent]) -> None:
    for envelope in (golden(event.wire_type()), newer(golden(event.wire_type()))):
        books = some_books()
        books.deliver(envelope, envelope)
        expected = ledger(event.model_validate_json(envelope.data).order, ZONE)
        assert rows_in(books) == {row.row_id: row for row in expected}
        assert rollups_in(books) == rollups_from(expected)
        assert (books.state(ORDER_FACTS, envelope.subject) is not None) == bool(expected)
        assert books.counts == {"applied": 2}


def test_what_orders_may_say_one_day_is_read_past() -> None:
    books = some_books()
    books.deliver(replace(golden("orders.OrderPaid.v1"), type="orders.OrderBlessed.v1"))
    assert books.counts == {"read_past": 1}


def test_the_table_answers_every_event_of_an_order_and_nothing_else() -> None:
    assert set(TABLE.by_type) == {event.wire_type() for event in EVENTS}
    assert TABLE.topics == ("orders.events",)
    assert TABLE.group == "analytics.sales.v1"
