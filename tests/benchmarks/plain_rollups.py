"""Rollups in the shape one thinks of first: a document per bucket of each grain, for the store and each product."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from pymongo import IndexModel

from services.analytics.buckets import Grain, bucket
from services.analytics.ledger import LedgerRow
from services.analytics.rollups import COUNTS, add, contributions

INDEXES = [IndexModel([("product_id", 1), ("grain", 1), ("key", 1)]), IndexModel([("grain", 1), ("key", 1)])]
Place = tuple[str | None, Grain, str]
"""Product (None: the store), grain and bucket."""


def sums(rows: Iterable[LedgerRow]) -> dict[Place, dict[str, int]]:
    found: dict[Place, dict[str, int]] = {}
    for row in rows:
        for day, figures in contributions(row):
            _add(found, row.product_id, day, figures)
            if row.product_id is not None:
                _add(found, None, day, {name: n for name, n in figures.items() if name not in COUNTS})
    return found


def _add(found: dict[Place, dict[str, int]], product_id: str | None, day: str, figures: Mapping[str, int]) -> None:
    when = date.fromisoformat(day)
    for grain in Grain:
        add(found.setdefault((product_id, grain, bucket(grain, when).key), {}), figures)


def changes(rows: Iterable[LedgerRow], partition: int) -> list[tuple[str, dict[str, Any]]]:
    """Id and update per document, the rows' figures of a bucket summed before."""
    return [
        (
            f"{grain}:{key}:{product_id or ''}|{partition}",
            {"$inc": figures, "$setOnInsert": {"product_id": product_id, "grain": grain.value, "key": key}},
        )
        for (product_id, grain, key), figures in sums(rows).items()
        if figures
    ]
