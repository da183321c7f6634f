"""Are the rollups what the ledger says? Every figure of every bucket, for the store and for each product.

The ledger is summed by day in the database, by other code than that which tallied it. The store's figures, the sum of
all rows, are compared as of one moment, then a range of products at a time, each range as of one. Both sides are
streamed in the order of their products, so memory holds one product. Σ products = store where nothing differs.
"""

from collections.abc import AsyncIterator, Iterator

from pydantic import BaseModel

from services.analytics.buckets import Grain
from services.analytics.repository import (
    ledger_by_day,
    ledger_of_store_by_day,
    product_ranges,
    rollups_by_product,
)
from services.analytics.rollups import COLLECTION, COUNTS, FIELD, FIGURES, TAKEN_BACK_IN, Basis, Scope, add, paths
from shared.runtime.decision import Document
from shared.runtime.mongo import Database, Session

LISTED = 100
GRAIN = {field: grain for grain, field in FIELD.items()}
CARRIED = TAKEN_BACK_IN[Basis.ORDER]
Paths = dict[str, int]
"""Figures by path, such as `days.2017-01-16.gross`; none is zero."""
Sums = AsyncIterator[tuple[str, Paths]]
"""By product, in their order."""


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
    """Whatever is written meanwhile."""
    result = Reconciliation()
    async with database.snapshot() as session:
        await _compare_store(database, session, result)
    async for products in product_ranges(database.collection(COLLECTION)):
        async with database.snapshot() as session:
            ledger = _by_product(_of_ledger(ledger_by_day(database, session, products)))
            rollups = _by_product(_of_rollups(rollups_by_product(database, session, products), result))
            async for product_id, expected, found in _side_by_side(ledger, rollups):
                result.compare(product_id, expected, found)
    return result


async def _compare_store(database: Database, session: Session, result: Reconciliation) -> None:
    expected: Paths = {}
    async for day in ledger_of_store_by_day(database, session):
        result.ledger_rows += day["rows"]
        own = day["_id"]["product_id"] is None
        for figures in _of_day(day):
            add(expected, {path: amount for path, amount in figures.items() if own or _figure(path) not in COUNTS})
    found: Paths = {}
    async for _, figures in _of_rollups(rollups_by_product(database, session, None), result):
        add(found, figures)
    result.compare(None, expected, found)


async def _of_ledger(days: AsyncIterator[Document]) -> Sums:
    async for day in days:
        for figures in _of_day(day):
            yield day["_id"]["product_id"], figures


def _of_day(day: Document) -> Iterator[Paths]:
    """What happened on one day, and what it means for the day on which its orders were paid."""
    key = day["_id"]
    yield paths(key["event_day"], {name: day[name] for name in FIGURES if name not in CARRIED})
    yield paths(key["paid_day"], {name: day[name] for name in CARRIED})


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
    current, total = "", Paths()
    async for product_id, figures in sums:
        if product_id != current and total:
            yield current, total
            total = {}
        current = product_id
        add(total, figures)
    if total:
        yield current, total


async def _side_by_side(left: Sums, right: Sums) -> AsyncIterator[tuple[str, Paths, Paths]]:
    """What both have of each product, in the order of both."""
    a, b = await anext(left, None), await anext(right, None)
    while a or b:
        key = min(side[0] for side in (a, b) if side)
        expected: Paths = {}
        found: Paths = {}
        if a and a[0] == key:
            expected, a = a[1], await anext(left, None)
        if b and b[0] == key:
            found, b = b[1], await anext(right, None)
        yield key, expected, found


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
