"""Are the rollups what the ledger says? Every figure of every bucket, for the store and for each product.

The ledger is summed by day in the database, by other code than that which tallied it. Both sides are streamed in the
order of their products, so memory holds one product at a time. What the store has to show is the sum of all rows;
hence Σ products = store wherever there is no difference.
"""

from collections.abc import AsyncIterator

from pydantic import BaseModel

from services.analytics.buckets import Grain
from services.analytics.repository import ledger_by_day, rollups_by_product
from services.analytics.rollups import COUNTS, FIELD, FIGURES, Scope, add, paths
from shared.runtime.decision import Document
from shared.runtime.mongo import Database

LISTED = 100
GRAIN = {field: grain for grain, field in FIELD.items()}
Paths = dict[str, int]
"""Figures by path, such as `days.2017-01-16.gross`; none is zero."""
Sums = AsyncIterator[tuple[str | None, Paths]]
"""By product; those of the store's own come first, without one."""


class Difference(BaseModel):
    scope: Scope
    product_id: str | None
    grain: Grain
    bucket: str
    figure: str
    ledger: int
    rollups: int


class Reconciliation(BaseModel):
    ok: bool = True
    ledger_rows: int = 0
    rollup_documents: int = 0
    compared: int = 0
    """Figures of a bucket that one side or the other has."""
    difference_count: int = 0
    differences: list[Difference] = []
    """The first hundred."""

    def compare(self, product_id: str | None, ledger: Paths, rollups: Paths) -> None:
        self.compared += len(ledger.keys() | rollups.keys())
        if ledger == rollups:
            return
        self.ok = False
        for path in sorted({path for path, _ in ledger.items() ^ rollups.items()}):
            self.difference_count += 1
            if len(self.differences) < LISTED:
                self.differences.append(_difference(product_id, path, ledger.get(path, 0), rollups.get(path, 0)))


async def reconcile(database: Database) -> Reconciliation:
    """As of one moment, whatever is written meanwhile."""
    result = Reconciliation()
    store: Paths = {}
    stored: Paths = {}
    async with database.snapshot() as session:
        ledger = _by_product(_of_ledger(ledger_by_day(database, session), result))
        rollups = _by_product(_of_rollups(rollups_by_product(database, session), result))
        async for product_id, expected, found in _side_by_side(ledger, rollups):
            if product_id is None:
                add(store, expected)
                stored = found
            else:
                add(store, {path: amount for path, amount in expected.items() if _figure(path) not in COUNTS})
                result.compare(product_id, expected, found)
    result.compare(None, store, stored)
    return result


async def _of_ledger(days: AsyncIterator[Document], result: Reconciliation) -> Sums:
    async for day in days:
        result.ledger_rows += day["rows"]
        figures = {name: day[name] for name in FIGURES if name in day}
        yield day["_id"]["product_id"], paths(day["_id"]["day"], figures)


async def _of_rollups(documents: AsyncIterator[Document], result: Reconciliation) -> Sums:
    async for document in documents:
        result.rollup_documents += 1
        yield (
            document["product_id"],
            {
                f"{field}.{key}.{name}": amount
                for field in GRAIN
                for key, figures in document[field].items()
                for name, amount in figures.items()
            },
        )


async def _by_product(sums: Sums) -> Sums:
    """Add up what belongs to one product; it comes in a row."""
    current: str | None = None
    total: Paths = {}
    async for product_id, figures in sums:
        if product_id != current:
            yield current, total
            current, total = product_id, {}
        add(total, figures)
    yield current, total


async def _side_by_side(left: Sums, right: Sums) -> AsyncIterator[tuple[str | None, Paths, Paths]]:
    """What both have of each product, in the order of both."""
    a, b = await anext(left, None), await anext(right, None)
    while a or b:
        key = min(side[0] or "" for side in (a, b) if side)
        expected: Paths = {}
        found: Paths = {}
        if a and (a[0] or "") == key:
            expected, a = a[1], await anext(left, None)
        if b and (b[0] or "") == key:
            found, b = b[1], await anext(right, None)
        yield key or None, expected, found


def _figure(path: str) -> str:
    return path.rpartition(".")[2]


def _difference(product_id: str | None, path: str, ledger: int, rollups: int) -> Difference:
    field, bucket, figure = path.split(".")
    return Difference(
        scope=Scope.STORE if product_id is None else Scope.PRODUCT,
        product_id=product_id,
        grain=GRAIN[field],
        bucket=bucket,
        figure=figure,
        ledger=ledger,
        rollups=rollups,
    )
