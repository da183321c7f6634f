"""Who sends what a service refuses hears of it: which message, why and which field, but none of its values."""

import json
from dataclasses import replace
from importlib import import_module

import pytest

from shared.contracts.envelope import Envelope
from tests.support.golden import assert_golden, golden
from tests.support.memory import MemoryRuntime

FIRST_MESSAGE = {
    "catalog": "catalog.ProductSubmitted.v1",
    "orders": "orders.OrderSubmitted.v1",
    "inquiries": "inquiries.InquirySubmitted.v1",
}
WRONG_FIELD = {"catalog": "list_price", "orders": "currency", "inquiries": "text"}


def runtime(service: str, **settings: str) -> MemoryRuntime:
    configured = import_module(f"services.{service}.settings").Settings(**settings)
    parts = import_module(f"services.{service}.app").build(configured)
    return MemoryRuntime(service, parts.tables[0], parts.kinds, configured)


def without(field: str, envelope: Envelope) -> Envelope:
    value = json.loads(envelope.data)
    del value[field]
    return replace(envelope, data=json.dumps(value).encode())


@pytest.mark.parametrize("service", FIRST_MESSAGE)
def test_a_refusal_equals_its_golden_example(service: str) -> None:
    """In a store of another currency; an inquiry has none, so it is refused for lack of its text."""
    message = golden(FIRST_MESSAGE[service])
    refusing = runtime(service, store_currency="USD")
    refusing.deliver(without(WRONG_FIELD[service], message) if service == "inquiries" else message)
    [answer] = refusing.rejected
    assert_golden(answer)
    body = json.loads(answer.data)
    assert (body["source"], body["message_id"], body["message_type"]) == (message.source, message.id, message.type)
    assert body["field"] == WRONG_FIELD[service]


@pytest.mark.parametrize("service", FIRST_MESSAGE)
def test_a_refusal_repeats_no_value_of_the_message(service: str) -> None:
    secret = "a-secret-that-must-not-be-repeated"
    message = golden(FIRST_MESSAGE[service])
    wrong = {name: f"<{secret}>" for name in json.loads(message.data) if not name.endswith("_id")}
    value = {**json.loads(message.data), **wrong}
    refusing = runtime(service)
    refusing.deliver(replace(message, data=json.dumps(value).encode()))
    [answer] = refusing.rejected
    assert json.loads(answer.data)["error"] == "INVALID"
    assert secret.encode() not in answer.data
