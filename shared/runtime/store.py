"""Reading single documents, the runtime's indexes, and the guard that a store keeps its currency and zone."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from pymongo import ASCENDING, IndexModel

from shared.runtime.decision import Document, Kind
from shared.runtime.history import collection_of, history_of
from shared.runtime.mongo import Database
from shared.runtime.settings import ServiceSettings
from shared.runtime.stored import Stored

S = TypeVar("S")
DAYS = 24 * 3600
RUNTIME_INDEXES: Mapping[str, Sequence[IndexModel]] = {
    "seen": [IndexModel([("at", ASCENDING)], expireAfterSeconds=30 * DAYS)],
    "held": [IndexModel([("group", 1), ("waits_for", 1)]), IndexModel([("group", 1), ("expires_at", 1)])],
    "parked": [IndexModel([("group", 1), ("key", 1), ("parked_at", 1)]), IndexModel([("parked_at", 1), ("_id", 1)])],
    "gates": [IndexModel([("count", -1)])],
    "offsets": [IndexModel([("group", 1)])],
    "idempotency": [
        IndexModel([("at", ASCENDING)], expireAfterSeconds=30 * DAYS),
        IndexModel([("subject", ASCENDING)]),
    ],
    "audit": [IndexModel([("at", ASCENDING)]), IndexModel([("what", ASCENDING)])],
}


class Store:
    """Documents as they are now; what a person did is there as soon as it was acknowledged."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, kind: Kind[S], id: str) -> Stored[S] | None:
        """None where there is none, or only a placeholder that something waits for."""
        return (await self.get_many(kind, [id])).get(id)

    async def get_many(self, kind: Kind[S], ids: Iterable[str]) -> dict[str, Stored[S]]:
        documents = await self._database.collection(kind.collection).find({"_id": {"$in": list(ids)}}).to_list(None)
        loaded = {document["_id"]: Stored.of(kind, document) for document in documents}
        return {id: stored for id, stored in loaded.items() if stored.state is not None}

    async def history(self, kind: Kind[S], id: str, after: int, limit: int) -> list[Document]:
        """Up to `limit` lines of what happened to a document, from the one behind sequence `after` on."""
        rows = self._database.collection(collection_of(kind)).find(history_of(id) | {"last": {"$gt": after}})
        found = await rows.sort("_id", ASCENDING).limit(limit).to_list(limit)
        return [line for row in found for line in row["lines"] if line["sequence"] > after][:limit]


async def check_store(database: Database, settings: ServiceSettings) -> str | None:
    """Why this service must not work on this database: it was created for another currency or zone."""
    mine = {"currency": settings.store_currency, "timezone": settings.store_timezone}
    store = database.collection("store")
    await store.update_one({"_id": "store"}, {"$setOnInsert": mine}, upsert=True)
    row = await store.find_one({"_id": "store"})
    theirs = {name: row[name] for name in mine}
    if theirs == mine:
        return None
    return f"the store was created with {theirs}, the settings say {mine}: start it with those, or use another database"
