"""How long MongoDB's replies are, as its own profile says."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from shared.runtime.mongo import Collection


@asynccontextmanager
async def profiled(database: Any) -> AsyncIterator[None]:
    await database.command("profile", 2)
    try:
        yield
    finally:
        await database.command("profile", 0)


async def replies(collection: Collection) -> Sequence[dict[str, Any]]:
    """To reads of the collection, in their order: `responseLength` in bytes, `nreturned` documents."""
    reads = {"ns": collection.full_name, "nreturned": {"$exists": True}}
    found: list[dict[str, Any]] = await collection.database["system.profile"].find(reads).sort("$natural", 1).to_list()
    return found
