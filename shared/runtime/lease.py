"""A short expiring lease in MongoDB, judged by the server's clock only, so a jump of ours cannot steal one."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from uuid import uuid4

from pymongo.collection import ReturnDocument
from pymongo.errors import DuplicateKeyError, PyMongoError

from shared.runtime.mongo import Database

TURN_SECONDS = 5.0


class Lease:
    """Held by one process at a time. Kafka and MongoDB do not know of it: stop before `remaining()` is 0."""

    def __init__(self, database: Database, name: str, seconds: float) -> None:
        self._leases = database.collection("leases")
        self._name = name
        self._seconds = seconds
        self._owner = uuid4().hex
        self._until = 0.0

    def remaining(self) -> float:
        """Seconds that the lease is certainly still ours, by this process's monotonic clock."""
        return max(0.0, self._until - time.monotonic())

    async def acquire(self) -> bool:
        """Take or extend it; False while another process has it."""
        asked = time.monotonic()
        free = {
            "$or": [
                {"$eq": ["$owner", self._owner]},
                {"$eq": [{"$ifNull": ["$owner", None]}, None]},
                {"$lte": ["$until", "$$NOW"]},
            ]
        }
        until = {"$add": ["$$NOW", int(self._seconds * 1000)]}
        take = {
            "owner": {"$cond": [free, self._owner, "$owner"]},
            "until": {"$cond": [free, until, "$until"]},
        }
        try:
            lease = await self._leases.find_one_and_update(
                {"_id": self._name}, [{"$set": take}], upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:
            return False
        if lease["owner"] != self._owner:
            return False
        self._until = asked + self._seconds
        return True

    @asynccontextmanager
    async def preferred(self) -> AsyncIterator[None]:
        """Held if it comes free in time; without it the work conflicts more often, and is no less right."""
        deadline = time.monotonic() + self._seconds
        pause = 0.002
        while not await self.acquire() and time.monotonic() <= deadline:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.05)
        try:
            yield
        finally:
            await self.release()

    async def release(self) -> None:
        """Give it back early; where that fails it expires by itself."""
        self._until = 0.0
        with suppress(PyMongoError):
            await self._leases.update_one({"_id": self._name, "owner": self._owner}, {"$unset": {"owner": ""}})


def turns(database: Database, lease: str | None) -> Callable[[], AbstractAsyncContextManager[None]]:
    """Around each transaction of those that share a lease of this name, so that one at a time works."""
    return Lease(database, lease, TURN_SECONDS).preferred if lease else nullcontext
