"""Ends waits that are over: held records whose time has come, in every process; the held row makes it once."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

import structlog
from pymongo.errors import PyMongoError

from shared.runtime.batch import Writes
from shared.runtime.lease import Lease
from shared.runtime.mongo import Database, Session, Unavailable
from shared.runtime.records import read
from shared.runtime.stored import Held
from shared.runtime.transaction import Transaction, held_of
from shared.runtime.working_set import Setting

CHECK_SECONDS = 1.0
AT_ONCE = 100
log = structlog.get_logger(__name__)


class HeldTimer:
    def __init__(self, database: Database, setting: Setting, stopping: asyncio.Event) -> None:
        self._database = database
        self._setting = setting
        self._stopping = stopping
        lease = setting.table.lease
        self._lease = Lease(database, lease, 5.0) if lease else None

    async def run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self.step()
            except (PyMongoError, Unavailable) as error:
                log.warning("held records not checked", group=self._setting.table.group, error=str(error))
            except Exception:
                log.exception("a wait that is over could not be ended", group=self._setting.table.group)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), CHECK_SECONDS)

    async def step(self) -> int:
        """End the waits that are over; how many."""
        held = self._database.collection("held")
        query = {"group": self._setting.table.group, "expires_at": {"$lte": datetime.now(UTC)}}
        due = await held.find(query).sort([("expires_at", 1), ("_id", 1)]).limit(AT_ONCE).to_list(AT_ONCE)
        for document in due:
            await self._expire(held_of(document))
        return len(due)

    async def _expire(self, held: Held) -> None:
        async def body(session: Session, attempt: int) -> Writes:
            transaction = Transaction(self._database, session, self._setting, attempt)
            message = read(held.record, self._setting.table)
            _, writes = await transaction.run([message], lambda batch: batch.expire(held))
            return writes

        if self._lease is not None:
            await self._lease.wait(5.0)
        try:
            await self._database.transaction(body)
        finally:
            if self._lease is not None:
                await self._lease.release()
