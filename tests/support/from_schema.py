"""Whatever a published schema allows, as a hypothesis strategy: what a stranger might send who has only the schema."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

Schema = Mapping[str, Any]
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
ONE_STORE_HAS_ONE_CURRENCY = st.just("KRW")
TEXT = st.characters(exclude_categories=["Cs", "Cc", "Zs"])


def values(schema: Schema) -> st.SearchStrategy[Any]:
    return _value(schema, schema.get("$defs", {}))


def _value(schema: Schema, defs: Schema) -> st.SearchStrategy[Any]:
    match schema:
        case {"$ref": ref}:
            return _value(_narrowed(defs[ref.removeprefix("#/$defs/")], schema), defs)
        case {"anyOf": choices}:
            return st.one_of([_value(choice, defs) for choice in choices])
        case {"type": "object"}:
            return _object(schema, defs)
        case {"type": "array", "items": items}:
            least = schema.get("minItems", 0)
            return st.lists(_value(items, defs), min_size=least, max_size=max(2, least))
    return _scalar(schema)


def _scalar(schema: Schema) -> st.SearchStrategy[Any]:
    match schema:
        case {"enum": choices}:
            return st.sampled_from(choices)
        case {"type": "string"}:
            return _string(schema)
        case {"type": "integer"}:
            return st.integers(schema.get("minimum", -(2**53)), schema.get("maximum", 2**53))
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "null"}:
            return st.none()
    raise NotImplementedError(f"a kind of schema that no contract had before: {dict(schema)}")


def _narrowed(target: Schema, reference: Schema) -> Schema:
    """A $ref with properties beside it, as amounts that may not be negative have."""
    narrower = {name: {**target["properties"][name], **rule} for name, rule in reference.get("properties", {}).items()}
    return {**target, "properties": {**target["properties"], **narrower}} if narrower else target


def _object(schema: Schema, defs: Schema) -> st.SearchStrategy[dict[str, Any]]:
    given = {name: _value(property, defs) for name, property in schema["properties"].items()}
    required = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {name: value for name, value in given.items() if name in required},
        optional={name: value for name, value in given.items() if name not in required},
    )


def _string(schema: Schema) -> st.SearchStrategy[str]:
    match schema:
        case {"format": "date-time"}:
            return MOMENTS.map(datetime.isoformat)
        case {"pattern": "^[A-Z]{3}$"}:
            return ONE_STORE_HAS_ONE_CURRENCY
        case {"pattern": str(pattern)}:
            limit: int = schema.get("maxLength", 100)
            return st.from_regex(pattern, fullmatch=True).map(lambda text: text.rstrip("\n")[:limit])
    return st.text(TEXT, min_size=schema.get("minLength", 0), max_size=min(20, schema.get("maxLength", 20)))
