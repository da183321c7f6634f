"""As a consumer: the golden messages of both subscribed topics go through the real handlers."""

import json
from dataclasses import replace
from typing import Any

import pytest

from services.catalog.handlers import TABLE
from services.catalog.repository import PRODUCT, RESERVATION
from shared.contracts.catalog import ReservationStatus
from shared.contracts.envelope import Envelope
from shared.contracts.order_state import OrderState
from shared.contracts.orders import EVENTS as ORDER_EVENTS
from shared.contracts.orders import OrderEvent
from tests.catalog.builders import SETTINGS, a_submission
from tests.support.golden import golden
from tests.support.memory import MemoryRuntime

SUBMITTED = "catalog.ProductSubmitted.v1"


def a_catalog() -> MemoryRuntime:
    return MemoryRuntime("catalog", TABLE, [PRODUCT, RESERVATION], SETTINGS)


def newer(envelope: Envelope) -> Envelope:
    """As a later version of its sender would write it: with fields we have never heard of."""
    value = json.loads(envelope.data)
    part = value.get("order", value)
    part["a_new_field"] = {"deep": [1]}
    return replace(envelope, data=json.dumps(value).encode())


def test_a_submitted_product_is_registered() -> None:
    for envelope in (golden(SUBMITTED), newer(golden(SUBMITTED))):
        catalog = a_catalog()
        catalog.deliver(envelope)
        state = catalog.state(PRODUCT, envelope.subject)
        assert state is not None
        assert [option.on_hand for option in state.options] == [12, 8]
        assert catalog.event_types == ["ProductRegistered"]


def sent_instead(order: OrderState) -> dict[str, int]:
    return {part.target_option_id: 100 for claim in order.claims for part in claim.lines if part.target_option_id}


@pytest.mark.parametrize("event", ORDER_EVENTS, ids=lambda event: event.__name__)
def test_an_order_event_settles_the_reservation(event: type[OrderEvent]) -> None:
    for envelope in (golden(event.wire_type()), newer(golden(event.wire_type()))):
        order = event.model_validate_json(envelope.data).order
        catalog = a_catalog()
        for id in {line.product_id for line in order.lines}:
            shelves = {line.option_id: 100 for line in order.lines if line.product_id == id}
            catalog.deliver(a_submission(id, stock=shelves | sent_instead(order)))
        catalog.deliver(envelope)
        state = catalog.state(RESERVATION, envelope.subject)
        assert state is not None
        assert state.status is ReservationStatus.RESERVED
        assert [(line.reserved, line.committed) for line in state.lines[: len(order.lines)]] == [
            (line.ordered - line.cancelled - line.shipped, line.shipped) for line in order.lines
        ]
        assert catalog.parked == []


def test_a_type_nobody_has_heard_of_is_read_past() -> None:
    catalog = a_catalog()
    catalog.deliver(replace(golden("orders.OrderPlaced.v1"), type="orders.OrderBlessed.v1"))
    assert catalog.counts == {"read_past": 1}


def test_the_same_message_again_is_a_duplicate() -> None:
    catalog = a_catalog()
    catalog.deliver(golden(SUBMITTED), golden(SUBMITTED))
    catalog.deliver(golden(SUBMITTED))
    assert catalog.counts == {"applied": 1, "duplicates": 2}
    assert len(catalog.events) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"list_price": {"amount": 59000, "currency": "USD"}}, "list_price"),
        ({"list_price": {"amount": -1, "currency": "KRW"}}, "list_price"),
        ({"list_price": {"amount": 1.5, "currency": "KRW"}}, "list_price.amount"),
        ({"name": ""}, "name"),
        ({"status": "SOLD_OUT"}, "status"),
        ({"options": []}, "options"),
        ({"options": [{"option_id": "s", "stock": -1}]}, "options.0.stock"),
        ({"options": [{"option_id": "s"}, {"option_id": "s"}]}, "options"),
        ({"product_id": "prd_other"}, "product_id"),
    ],
)
def test_a_wrong_submission_is_parked_and_its_sender_told_which_field(change: dict[str, Any], field: str) -> None:
    envelope = golden(SUBMITTED)
    catalog = a_catalog()
    catalog.deliver(replace(envelope, data=json.dumps(json.loads(envelope.data) | change).encode()))
    assert [(parked.fault.error, parked.fault.field) for parked in catalog.parked] == [("INVALID", field)]
    [rejected] = catalog.rejected
    assert json.loads(rejected.data)["field"] == field
    assert catalog.events == []
