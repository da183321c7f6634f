"""Who changed what of a product, and when: a row per registration, edit and removal, and one per new description."""

from collections.abc import Iterable, Iterator
from typing import Any

from services.catalog.domain.product import Product
from shared.runtime.decision import Context, Row

HISTORY = "product_history"
DESCRIPTIONS = "product_descriptions"
SHELF = {"on_hand", "reserved", "told", "last_count"}


def history_row(change: str, before: Product | None, after: Product, fields: Iterable[str], ctx: Context) -> Row:
    fields = sorted(fields)
    document = {
        "product_id": after.product_id,
        "at": ctx.now,
        "by": str(ctx.actor),
        "change": change,
        "fields": fields,
        "before": _described(before, fields) if before else {},
        "after": _described(after, fields),
    }
    return Row(HISTORY, ctx.new_row_id("chg"), document)


def new_description(before: Product | None, after: Product, ctx: Context) -> Iterator[Row]:
    """The text itself, where it is a new one: long, and asked for by customers who read another."""
    if after.description_version == (before.description_version if before else 0):
        return
    document = {
        "product_id": after.product_id,
        "version": after.description_version,
        "description": after.description,
        "at": ctx.now,
        "by": str(ctx.actor),
    }
    yield Row(DESCRIPTIONS, f"{after.product_id}/{after.description_version:06}", document)


def _described(product: Product, fields: Iterable[str]) -> dict[str, Any]:
    """The fields' values; a description is told by its version."""
    named = {"description_version" if field == "description" else field for field in fields}
    described = product.model_dump(mode="json", by_alias=True, include=named)
    for option in described.get("options", []):
        for name in SHELF:
            del option[name]
    return described
