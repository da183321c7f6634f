"""Our codec against the `cloudevents` package: each reads what the other writes."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cloudevents.core.bindings import kafka
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from shared.contracts.envelope import Envelope, decode, encode
from shared.contracts.registry import WIRE_TYPES
from tests.support.golden import golden

ORDER_ID = "ord_0198d2c5f3a17c2d8e4f6a7b8c9d0e12"
TIME = datetime(2026, 11, 20, 1, 2, 30, 125_000, tzinfo=UTC)
THEIRS = CloudEvent(
    {
        "id": "7d0a1f6e",
        "source": "/payments",
        "type": "orders.PaymentCaptured.v1",
        "time": TIME,
        "subject": ORDER_ID,
        "datacontenttype": "application/json",
        "correlationid": "cor-1",
        "partitionkey": ORDER_ID,
    },
    {"order_id": ORDER_ID, "method": "카드"},
)
OURS = Envelope(
    id="7d0a1f6e",
    source="/payments",
    type="orders.PaymentCaptured.v1",
    time=TIME,
    subject=ORDER_ID,
    data=b"",
    correlation_id="cor-1",
)


@pytest.mark.parametrize("write", [kafka.to_binary, kafka.to_structured])
def test_what_the_package_writes_is_read(write: Callable[[CloudEvent, JSONFormat], kafka.KafkaMessage]) -> None:
    message = write(THEIRS, JSONFormat())
    assert isinstance(message.key, str)
    read = decode(message.key.encode(), message.value, message.headers.items())
    assert json.loads(read.data) == THEIRS.get_data()
    assert replace(read, data=b"") == OURS


@pytest.mark.parametrize("wire_type", WIRE_TYPES)
def test_what_is_written_is_read_by_the_package(wire_type: str) -> None:
    ours = golden(wire_type)
    key, value, headers = encode(ours)
    theirs = kafka.from_binary_event(kafka.KafkaMessage(dict(headers), key, value))
    assert theirs.get_specversion() == "1.0"
    assert (theirs.get_id(), theirs.get_source(), theirs.get_type()) == (ours.id, ours.source, ours.type)
    assert (theirs.get_subject(), theirs.get_time()) == (ours.subject, ours.time)
    assert theirs.get_datacontenttype() == "application/json"
    assert theirs.get_data() == json.loads(ours.data)
