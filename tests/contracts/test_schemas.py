"""The schemas under version control are those of the models: `python -m shared.contracts.publish` writes them."""

import json

import pytest
from jsonschema import Draft202012Validator

from shared.contracts.publish import SCHEMAS, schema_files
from shared.contracts.registry import WIRE_TYPES


def test_the_committed_schemas_are_the_generated_ones() -> None:
    committed = {path: path.read_text(encoding="utf-8") for path in SCHEMAS.glob("*")}
    assert committed == schema_files()


@pytest.mark.parametrize("wire_type", WIRE_TYPES)
def test_each_schema_is_valid_json_schema_2020_12(wire_type: str) -> None:
    document = json.loads((SCHEMAS / f"{wire_type}.json").read_text(encoding="utf-8"))
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(document)


def test_type_names_are_said_once() -> None:
    assert all(wire_type.model.__name__ == name.split(".")[1] for name, wire_type in WIRE_TYPES.items())
    assert {wire_type.topic.split(".")[0] for wire_type in WIRE_TYPES.values()} == {"catalog", "orders", "inquiries"}
