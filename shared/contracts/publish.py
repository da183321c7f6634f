"""Writes the JSON Schema of every wire type to `schemas/`: `python -m shared.contracts.publish`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from shared.contracts.registry import WIRE_TYPES, WireType

SCHEMAS = Path(__file__).parent / "schemas"
EXAMPLES = Path(__file__).parent / "examples"


class _WithoutFieldTitles(GenerateJsonSchema):
    """A title per field only repeats the field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema(wire_type: WireType) -> dict[str, Any]:
    """What may be sent: a field with a default is optional, so an older sender stays valid."""
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": f"urn:sellerdesk:{wire_type.name}",
        "x-topic": wire_type.topic,
        **wire_type.model.model_json_schema(mode="validation", schema_generator=_WithoutFieldTitles),
    }


def schema_files() -> Mapping[Path, str]:
    return {SCHEMAS / f"{name}.json": as_text(schema(wire_type)) for name, wire_type in WIRE_TYPES.items()}


def as_text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    SCHEMAS.mkdir(exist_ok=True)
    files = schema_files()
    for stale in set(SCHEMAS.glob("*.json")) - set(files):
        stale.unlink()
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    print(f"{len(files)} schemas written to {SCHEMAS.name}/")


if __name__ == "__main__":
    main()
