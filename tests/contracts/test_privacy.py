"""Nothing personal and no free text on `*.events`, which are kept for ever and read by everybody."""

from collections.abc import Iterator
from typing import Any

import pytest

from shared.contracts.publish import schema
from shared.contracts.registry import WIRE_TYPES

EVENTS = [name for name, wire_type in WIRE_TYPES.items() if wire_type.is_event]
PUBLIC_PRODUCT_TEXTS = {
    "ProductState.name",
    "ProductState.description",
    "ProductState.category",
    "ProductState.images",
    "OptionState.name",
    "OptionState.sku",
    "LineState.name",
    "LineState.option_name",
}
PERSONAL = ("recipient", "phone", "address", "contact", "email", "memo", "title", "text", "body", "comment", "birth")


def properties(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """`ProductState.name` and its schema, for the event itself and every object inside."""
    for name, definition in {document["title"]: document, **document.get("$defs", {})}.items():
        for field, rule in definition.get("properties", {}).items():
            yield f"{name}.{field}", rule


def takes_free_text(rule: dict[str, Any]) -> bool:
    """A string that no pattern, list of values or format limits to codes, ids and times."""
    if rule.get("type") == "string":
        return not rule.keys() & {"pattern", "enum", "const", "format"}
    return any(takes_free_text(inner) for inner in (*rule.get("anyOf", ()), *filter(None, [rule.get("items")])))


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_takes_no_free_text_but_public_product_texts(event: str) -> None:
    free = {path for path, rule in properties(schema(WIRE_TYPES[event])) if takes_free_text(rule)}
    assert free <= PUBLIC_PRODUCT_TEXTS


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_has_no_field_for_a_person(event: str) -> None:
    fields = {path for path, _ in properties(schema(WIRE_TYPES[event]))}
    assert {path for path in fields if any(word in path.split(".")[1] for word in PERSONAL)} == set()


def test_the_inbox_does_take_them_so_the_rule_above_can_fail() -> None:
    submitted = dict(properties(schema(WIRE_TYPES["orders.OrderSubmitted.v1"])))
    assert takes_free_text(submitted["Recipient.address"])
