"""One golden example per wire type, true to its schema, its model and its envelope."""

import json
from typing import Any

import pytest

from shared.contracts.base import Event
from shared.contracts.publish import EXAMPLES
from shared.contracts.registry import WIRE_TYPES
from tests.support.golden import as_example, golden, path_of, violations


def example(wire_type: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path_of(wire_type).read_text(encoding="utf-8"))
    return document


def test_every_wire_type_has_one_example() -> None:
    assert {path.name for path in EXAMPLES.glob("*")} == {f"{name}.json" for name in WIRE_TYPES}


@pytest.mark.parametrize("wire_type", WIRE_TYPES)
def test_the_envelope_is_complete(wire_type: str) -> None:
    message = golden(wire_type)
    assert as_example(message) == example(wire_type)
    assert message.type == wire_type
    model = WIRE_TYPES[wire_type].model
    of_an_event = model.aggregate if issubclass(model, Event) else None
    assert message.aggregate == of_an_event
    assert (message.sequence is not None) == (of_an_event is not None)


@pytest.mark.parametrize("wire_type", WIRE_TYPES)
def test_the_value_is_what_schema_and_model_say(wire_type: str) -> None:
    value = example(wire_type)["value"]
    assert violations(wire_type, value) == []
    read = WIRE_TYPES[wire_type].model.model_validate_json(json.dumps(value))
    assert read.model_dump(mode="json", by_alias=True, exclude_unset=True) == in_milliseconds(value)


def in_milliseconds(value: Any) -> Any:
    """Times as models write them: `2026-11-20T01:00:00Z`, without the zeros."""
    match value:
        case dict():
            return {name: in_milliseconds(part) for name, part in value.items()}
        case list():
            return [in_milliseconds(part) for part in value]
        case str() if value.endswith(".000Z"):
            return value.removesuffix(".000Z") + "Z"
    return value
