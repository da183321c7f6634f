"""Is the stock what the ledger and the reservations say? Every shelf against the sum of its movements."""

from collections.abc import AsyncIterator, Sequence
from enum import StrEnum

from pydantic import BaseModel

from services.catalog.domain.product import Shift
from services.catalog.domain.stock import MOVEMENTS
from services.catalog.repository import PRODUCT, RESERVATION
from shared.runtime.decision import Document
from shared.runtime.mongo import Database, Session

LISTED = 100
ROWS_AT_ONCE = 1_000
"""In one reply of MongoDB, which would be up to 16 MB."""
Shelf = tuple[str, str]
"""Product and option."""
MOVED: list[Document] = [
    {
        "$group": {
            "_id": {"product_id": "$product_id", "option_id": "$option_id"},
            "on_hand": {"$sum": "$on_hand"},
            "reserved": {"$sum": "$reserved"},
            "rows": {"$sum": 1},
        }
    }
]
PROMISED: list[Document] = [
    {"$unwind": "$lines"},
    {"$match": {"lines.reserved": {"$gt": 0}}},
    {
        "$group": {
            "_id": {"product_id": "$lines.product_id", "option_id": "$lines.option_id"},
            "reserved": {"$sum": "$lines.reserved"},
        }
    },
]


class Source(StrEnum):
    MOVEMENTS = "movements"
    RESERVATIONS = "reservations"


class Difference(BaseModel):
    product_id: str
    option_id: str
    figure: str
    shelf: int
    source: Source
    expected: int


class Reconciliation(BaseModel):
    ok: bool = True
    shelves: int = 0
    """Options, with those that are no longer but have movements."""
    movements: int = 0
    difference_count: int = 0
    differences: list[Difference] = []
    """The first hundred."""

    def compare(self, shelf: Shelf, found: Shift, moved: Shift, promised: int) -> None:
        self.shelves += 1
        self._check(shelf, "on_hand", found.on_hand, Source.MOVEMENTS, moved.on_hand)
        self._check(shelf, "reserved", found.reserved, Source.MOVEMENTS, moved.reserved)
        self._check(shelf, "reserved", found.reserved, Source.RESERVATIONS, promised)

    def _check(self, shelf: Shelf, figure: str, found: int, source: Source, expected: int) -> None:
        if found == expected:
            return
        self.ok = False
        self.difference_count += 1
        if len(self.differences) < LISTED:
            product_id, option_id = shelf
            self.differences.append(
                Difference(
                    product_id=product_id,
                    option_id=option_id,
                    figure=figure,
                    shelf=found,
                    source=source,
                    expected=expected,
                )
            )


async def reconcile(database: Database) -> Reconciliation:
    """As of one moment, whatever is sold meanwhile. An option taken out has to sum to nothing."""
    result = Reconciliation()
    moved: dict[Shelf, Shift] = {}
    promised: dict[Shelf, int] = {}
    async with database.snapshot() as session:
        async for shelf, row in _summed(database, session, MOVEMENTS, MOVED):
            moved[shelf] = Shift(row["on_hand"], row["reserved"])
            result.movements += row["rows"]
        async for shelf, row in _summed(database, session, RESERVATION.collection, PROMISED):
            promised[shelf] = row["reserved"]
        async for shelf, found in _shelves(database, session):
            result.compare(shelf, found, moved.pop(shelf, Shift()), promised.pop(shelf, 0))
    for shelf in sorted(moved.keys() | promised.keys()):
        result.compare(shelf, Shift(), moved.get(shelf, Shift()), promised.get(shelf, 0))
    return result


def _summed(
    database: Database, session: Session, collection: str, pipeline: Sequence[Document]
) -> AsyncIterator[tuple[Shelf, Document]]:
    rows = database.collection(collection).aggregate(
        list(pipeline), session=session, allowDiskUse=True, batchSize=ROWS_AT_ONCE
    )
    return (((row["_id"]["product_id"], row["_id"]["option_id"]), row) async for row in rows)


async def _shelves(database: Database, session: Session) -> AsyncIterator[tuple[Shelf, Shift]]:
    fields = {f"options.{name}": 1 for name in ("option_id", "on_hand", "reserved")}
    products = database.collection(PRODUCT.collection)
    async for document in products.find({}, fields, session=session, batch_size=ROWS_AT_ONCE):
        for option in document.get("options", []):
            yield (document["_id"], option["option_id"]), Shift(option["on_hand"], option["reserved"])
