"""Old and new side by side: readers pass over what they do not know yet."""

import json
from typing import Any

import pytest

from shared.contracts.registry import WIRE_TYPES
from tests.support.golden import golden, violations

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
