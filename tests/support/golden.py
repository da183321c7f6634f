"""Golden messages: `shared/contracts/examples/<wire type>.json`, one per type, each agreed on by both sides.

A service's contract test publishes its events and calls `assert_golden` on each, then feeds `goldens(topic)` of every
topic it subscribes to through its handlers. `UPDATE_GOLDEN=1` writes what is published instead of comparing it.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from shared.contracts.envelope import Envelope, decode, encode
from shared.contracts.publish import EXAMPLES, as_text, schema
from shared.contracts.registry import WIRE_TYPES

DIFFERS_BY_RUN = "traceparent"


def golden(wire_type: str) -> Envelope:
    example = json.loads(path_of(wire_type).read_text(encoding="utf-8"))
    headers = [(name, value.encode()) for name, value in example["headers"].items()]
    return decode(example["key"].encode(), json.dumps(example["value"], ensure_ascii=False).encode(), headers)


def goldens(topic: str) -> list[Envelope]:
    return [golden(name) for name, wire_type in WIRE_TYPES.items() if wire_type.topic == topic]


def assert_golden(envelope: Envelope) -> None:
    """It validates against the published schema and equals the committed example of its type."""
    assert violations(envelope.type, json.loads(envelope.data)) == []
    example, path = as_example(envelope), path_of(envelope.type)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(as_text(example), encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: run this test with UPDATE_GOLDEN=1 and commit it"
    assert example == json.loads(path.read_text(encoding="utf-8")), f"{path.name} differs from what is published"


def violations(wire_type: str, value: Any) -> list[str]:
    """What the published schema has against the value, such as `order/lines: [] is too short`."""
    errors = sorted(_validator(wire_type).iter_errors(value), key=lambda error: error.json_path)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in errors]


def as_example(envelope: Envelope) -> dict[str, Any]:
    key, value, headers = encode(envelope)
    return {
        "topic": WIRE_TYPES[envelope.type].topic,
        "key": key.decode(),
        "headers": {name: header.decode() for name, header in headers if name != DIFFERS_BY_RUN},
        "value": json.loads(value),
    }


def path_of(wire_type: str) -> Path:
    return EXAMPLES / f"{wire_type}.json"


@cache
def _validator(wire_type: str) -> Draft202012Validator:
    return Draft202012Validator(schema(WIRE_TYPES[wire_type]))
