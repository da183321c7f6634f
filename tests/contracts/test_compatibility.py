"""Old and new side by side: readers pass over what they do not know yet."""

import json
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from shared.contracts.envelope import Envelope, encode
from shared.contracts.registry import WIRE_TYPES
from shared.runtime.handlers import Handlers
from shared.runtime.records import Incoming, ReadPast, Record, Unreadable, read
from tests.support.golden import golden, goldens, violations

FROM_THE_FUTURE = {"added_in_a_later_release": {"anything": [1, "2", None]}}


def with_unknown_fields(value: Any) -> Any:
    """In every object of the value, however deep."""
    match value:
        case dict():
            return {name: with_unknown_fields(part) for name, part in value.items()} | FROM_THE_FUTURE
        case list():
            return [with_unknown_fields(part) for part in value]
    return value


@pytest.mark.parametrize("wire_type", WIRE_TYPES)
def test_unknown_fields_change_nothing(wire_type: str) -> None:
    model, data = WIRE_TYPES[wire_type].model, golden(wire_type).data
    newer = with_unknown_fields(json.loads(data))
    assert model.model_validate_json(json.dumps(newer)) == model.model_validate_json(data)
    assert violations(wire_type, newer) == []


SUBSCRIPTIONS = [
    pytest.param(table, topic, id=f"{table.group} {topic}")
    for service in ("catalog", "orders", "inquiries", "analytics")
    for table in [import_module(f"services.{service}.handlers").TABLE]
    for topic in table.topics
]


def record(envelope: Envelope, topic: str) -> Record:
    key, value, headers = encode(envelope)
    return Record(topic, partition=0, offset=0, key=key, value=value, headers=headers, timestamp=0)


@pytest.mark.parametrize(("table", "topic"), SUBSCRIPTIONS)
def test_a_type_from_the_future_is_read_past_or_refused_to_its_sender(table: Handlers, topic: str) -> None:
    newer = replace(goldens(topic)[0], type=f"{topic.partition('.')[0]}.NotYetInvented.v1")
    answer = read(record(newer, topic), table)
    if topic.endswith(".inbox"):
        assert isinstance(answer, Unreadable)
        assert answer.fault.error == "UNKNOWN_TYPE"
    else:
        assert isinstance(answer, ReadPast)


@pytest.mark.parametrize(("table", "topic"), SUBSCRIPTIONS)
def test_a_known_type_in_a_version_from_the_future_waits_parked(table: Handlers, topic: str) -> None:
    known = next(message for message in goldens(topic) if message.type in table.by_type)
    answer = read(record(replace(known, type=known.type.removesuffix("1") + "2"), topic), table)
    assert isinstance(answer, Unreadable)
    assert answer.fault.error == "UNKNOWN_VERSION"


@pytest.mark.parametrize("wire_type", [name for name, each in WIRE_TYPES.items() if each.topic.endswith(".inbox")])
def test_numbers_of_another_system_s_own_mean_nothing(wire_type: str) -> None:
    """Taken for ours, a payment that comes with a lower number than the message before it would be lost."""
    message, topic = golden(wire_type), WIRE_TYPES[wire_type].topic
    table = import_module(f"services.{topic.partition('.')[0]}.handlers").TABLE
    plain = read(record(message, topic), table)
    numbered = read(record(replace(message, sequence=3, aggregate="order"), topic), table)
    assert isinstance(plain, Incoming)
    assert isinstance(numbered, Incoming)
    assert numbered.envelope == plain.envelope
    assert numbered.seen_key == plain.seen_key
