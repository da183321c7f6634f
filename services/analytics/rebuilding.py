"""The rollups made anew from the ledger, aside; then they take the place of the old ones in one step.

To be called while the group stands still. A crash on the way leaves the old rollups as they were, and the next
rebuild begins anew. What is sold afterwards is tallied on top, in the documents of its partition.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from pydantic import BaseModel
from pymongo import UpdateOne

from services.analytics.ledger import LedgerRow
from services.analytics.projections import LEDGER
from services.analytics.repository import INDEXES, ledger_rows
from services.analytics.rollups import COLLECTION as ROLLUPS
from services.analytics.rollups import tallies
from shared.runtime.decision import IllegalMove, Tally
from shared.runtime.lease import Lease
from shared.runtime.mongo import Collection, Database

ASIDE = "rollups_aside_"
PARTITION = "rebuilt"
ROWS_AT_ONCE = 5_000
LEASE_SECONDS = 30.0


class Rebuilt(BaseModel):
    ledger_rows: int
    rollup_documents: int


@asynccontextmanager
async def alone(database: Database) -> AsyncIterator[Lease]:
    """Two rebuilds at once would each let the group go on under the other."""
    lease = Lease(database, "rebuild", LEASE_SECONDS)
    await _keep(lease)
    try:
        yield lease
    finally:
        await lease.release()


async def rebuild(database: Database, lease: Lease) -> Rebuilt:
    aside = await _aside(database)
    rows = 0
    async for documents in ledger_rows(database.collection(LEDGER), ROWS_AT_ONCE):
        rows += len(documents)
        sums = tallies((LedgerRow.model_validate(document) for document in documents), PARTITION)
        await _keep(lease)
        if sums:
            await aside.bulk_write([_upsert(tally) for tally in sums], ordered=False)
    written = await aside.count_documents({})
    await _keep(lease)
    await aside.rename(ROLLUPS, dropTarget=True)
    return Rebuilt(ledger_rows=rows, rollup_documents=written)


async def _aside(database: Database) -> Collection:
    """An empty collection of its own. What others left behind goes, so that one thought dead can replace nothing."""
    name = f"{ASIDE}{uuid4().hex}"
    for left in await database.collection(name).database.list_collection_names():
        if left.startswith(ASIDE):
            await database.collection(left).drop()
    await database.create_indexes({name: INDEXES[ROLLUPS]})
    return database.collection(name)


async def _keep(lease: Lease) -> None:
    if not await lease.acquire():
        raise IllegalMove("the rollups are being rebuilt already")


def _upsert(tally: Tally) -> UpdateOne:
    return UpdateOne({"_id": tally.id}, {"$inc": dict(tally.add), "$setOnInsert": tally.labels}, upsert=True)
