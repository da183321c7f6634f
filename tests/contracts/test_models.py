"""Schema and model agree: who knows only one of them is understood by who knows only the other."""

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.contracts.base import Utc
from shared.contracts.publish import schema
from shared.contracts.registry import WIRE_TYPES
from tests.support.from_schema import values
from tests.support.golden import violations

EXAMPLES_EACH = 5


@cache
def whatever_is_allowed(wire_type: str) -> st.SearchStrategy[Any]:
    return values(schema(WIRE_TYPES[wire_type]))


@cache
def adapter(wire_type: str) -> TypeAdapter[Any]:
    return TypeAdapter(WIRE_TYPES[wire_type].model)


def breaks_a_rule_across_fields(model: TypeAdapter[Any], sent: Any) -> bool:
    """Such as a discount above the list amount: the model's own rules, which JSON Schema has no words for."""
    try:
        model.validate_json(json.dumps(sent))
    except ValidationError as error:
        return "value_error" in {e["type"] for e in error.errors()}
    return False


@pytest.mark.parametrize("wire_type", WIRE_TYPES)
@settings(max_examples=EXAMPLES_EACH, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_the_schema_allows_is_read_and_written_back_the_same(wire_type: str, data: st.DataObject) -> None:
    model, sent = adapter(wire_type), data.draw(whatever_is_allowed(wire_type))
    assume(not breaks_a_rule_across_fields(model, sent))
    read = model.validate_json(json.dumps(sent))
    written = model.dump_json(read, by_alias=True)
    assert violations(wire_type, json.loads(written)) == []
    assert model.validate_json(written) == read


def test_a_time_that_no_calendar_has_in_utc_is_refused_by_its_field() -> None:
    for at in ("9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00"):
        with pytest.raises(ValidationError, match="years 1 to 9999"):
            TypeAdapter(Utc).validate_python(at)
