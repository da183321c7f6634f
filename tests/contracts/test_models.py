"""Schema and model agree: who knows only one of them is understood by who knows only the other."""

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.contracts.publish import schema
from shared.contracts.registry import WIRE_TYPES
from tests.support.from_schema import values
from tests.support.golden import violations

RULES_ACROSS_FIELDS = "value_error"
EXAMPLES_EACH = 5


@cache
def whatever_is_allowed(wire_type: str) -> st.SearchStrategy[Any]:
    return values(schema(WIRE_TYPES[wire_type]))


@cache
def adapter(wire_type: str) -> TypeAdapter[Any]:
    return TypeAdapter(WIRE_TYPES[wire_type].model)


@pytest.mark.parametrize("wire_type", WIRE_TYPES)
@settings(max_examples=EXAMPLES_EACH, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_the_schema_allows_is_read_and_written_back_the_same(wire_type: str, data: st.DataObject) -> None:
    model, sent = adapter(wire_type), data.draw(whatever_is_allowed(wire_type))
    try:
        read = model.validate_json(json.dumps(sent))
    except ValidationError as error:
        assert RULES_ACROSS_FIELDS in {e["type"] for e in error.errors()}
        assume(False)
    written = model.dump_json(read, by_alias=True)
    assert violations(wire_type, json.loads(written)) == []
    assert model.validate_json(written) == read
