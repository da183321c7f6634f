"""What the documents list is what there is."""

from itertools import groupby
from pathlib import Path

from shared.contracts.registry import WIRE_TYPES

ROOT = Path(__file__).parents[2]


def test_the_contracts_page_lists_every_type_under_its_topic() -> None:
    page = (ROOT / "docs" / "contracts.md").read_text(encoding="utf-8")
    rows = {
        f"| `{topic}` | " + ", ".join(f"`{each.model.__name__}`" for each in types) + " |"
        for topic, types in groupby(WIRE_TYPES.values(), key=lambda wire_type: wire_type.topic)
    }
    assert rows - set(page.splitlines()) == set()
