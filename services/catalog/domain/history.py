"""Who changed what of a product, and when: one row per registration, edit and removal."""

from collections.abc import Iterable
from typing import Any

from services.catalog.domain.product import Product
from shared.runtime.decision import Context, Row

HISTORY = "product_history"
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
    return Row(HISTORY, ctx.new_id("chg"), document)


def _described(product: Product, fields: Iterable[str]) -> dict[str, Any]:
    described = product.model_dump(mode="json", by_alias=True, include=set(fields))
    for option in described.get("options", []):
        for name in SHELF:
            del option[name]
    return described
