"""The outbox relay: publishes committed events in order per aggregate and deletes them once Kafka has them.

Runs in every process, works in the one that has the lease. Polling is the truth; `wake` only shortens the wait. The
lease cannot fence Kafka, so sending ends before it can expire, and consumers drop what they have heard.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import structlog
from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError

from shared.runtime import away
from shared.runtime.decision import Document
from shared.runtime.failpoints import failpoint
from shared.runtime.lease import Lease
from shared.runtime.metrics import PUBLISHED
from shared.runtime.mongo import Database
from shared.runtime.sender import Sender, Unsent
from shared.runtime.settings import ServiceSettings
from shared.runtime.stopping import Stopping

BATCH = 500
ROUND_BYTES = 4_000_000
"""Of values read and sent in one round, about: events of wide documents are long, and five hundred of them too much."""
FIRST_ROUND = 50
"""Rows in a process's first round, before it knows how long they are."""
AHEAD = 5_000
"""Events that may wait in the outbox before records that lead to further ones do: MongoDB has them in memory still."""
AHEAD_SECONDS = 20.0
"""How long a batch waits for the relay at most: well within the time that Kafka lets a consumer be silent."""
LEASE_SECONDS = 10.0
MARGIN_SECONDS = 3.0
POLL_SECONDS = 0.25
log = structlog.get_logger(__name__)


class Relay:
    def __init__(self, database: Database, settings: ServiceSettings, service: str, stopping: Stopping) -> None:
        self.wake = asyncio.Event()
        self.trouble: str | None = None
        """Why events do not get out; None while all is well."""
        self._outbox = database.collection("outbox")
        self._database = database
        self._settings = settings
        self._service = service
        self._lease = Lease(database, "relay", LEASE_SECONDS)
        self._stopping = stopping
        self._turn = asyncio.Lock()
        self._sender = Sender(settings)
        self._behind = ""
        """The last aggregate served: the next round goes on behind it and wraps at the end."""
        self._most = FIRST_ROUND
        """Rows in the next round."""
        self._told = 0
        """Events that this process added to the outbox since it counted."""

    def told(self, events: int) -> None:
        """Of a transaction that has committed."""
        self._told += events
        if events:
            self.wake.set()

    async def keeps_up(self) -> None:
        """Return once fewer than AHEAD events wait, or after a while: without it a backlog of records becomes one of
        events, larger than what MongoDB keeps in memory, and the relay slower with each event."""
        if self._told < AHEAD // 5:
            return
        with suppress(TimeoutError, PyMongoError):
            async with asyncio.timeout(AHEAD_SECONDS):
                if await self._is_far_behind():
                    log.info("records wait for the relay", service=self._service, events=f"{AHEAD} or more")
                while not self._stopping.is_set() and await self._is_far_behind():
                    await self._stopping.rest(0.1)
        self._told = 0

    async def _is_far_behind(self) -> bool:
        waiting: int = await self._outbox.count_documents({}, limit=AHEAD, hint="_id_")
        return waiting == AHEAD

    async def run(self) -> None:
        while not self._stopping.is_set():
            try:
                busy = await self.step()
                self.trouble = None
            except Exception as error:
                self.trouble = f"events are not published: {away.sentence(error, self._settings)}"
                log.warning("relay failed, trying again with a new producer", service=self._service, error=repr(error))
                self._sender.end()
                await self._stopping.rest(1.0)
                continue
            if not busy:
                await self._rest(POLL_SECONDS)

    async def step(self) -> bool:
        """Publish one batch; whether there may be more. `run` and the flush of `stop` take turns."""
        async with self._turn:
            return await self._step()

    async def _step(self) -> bool:
        self.wake.clear()
        if self._lease.remaining() < LEASE_SECONDS / 2 and not await self._lease.acquire():
            await self._stopping.rest(1.0)
            return False
        began = self._behind
        if rows := await self._next():
            await self._publish(rows)
        return began != self._behind

    async def _next(self) -> list[Document]:
        """Rows of the aggregates behind the last one served, oldest event of each first.

        Read in a snapshot: an index scan that yields could see event 8 of an aggregate and miss a 7 committed before.
        In one reply (a limit below zero), so never more than MongoDB's 16 MB; what it leaves out comes after the wrap.
        """
        async with self._database.snapshot() as session:
            cursor = self._outbox.find({"_id": {"$gt": self._behind}}, session=session, batch_size=self._most)
            rows: list[Document] = await cursor.sort("_id", 1).limit(-self._most).to_list(None)
        length = sum(len(row["value"]) for row in rows)
        more = len(rows) == self._most or length >= ROUND_BYTES
        self._behind = rows[-1]["_id"].rpartition("/")[0] + "/~" if more else ""
        self._most = most_next(self._most, len(rows), length)
        return rows

    async def _publish(self, rows: Sequence[Document]) -> None:
        failpoint("relay.before_send")
        seconds = self._lease.remaining() - MARGIN_SECONDS
        if seconds <= 0:
            return
        sent = await self._sender.send(rows, seconds)
        failpoint("relay.before_delete")
        if sent.taken:
            await self._outbox.delete_many({"_id": {"$in": sent.taken}})
            PUBLISHED.labels(self._service).inc(len(sent.taken))
        if sent.trouble is not None:
            self._most = max(1, min(self._most, 2 * len(sent.taken)))
            raise sent.trouble

    async def stop(self) -> None:
        """Publish what is left, within a few seconds, and give the lease back."""
        with suppress(KafkaError, Unsent, PyMongoError, TimeoutError, OSError):
            await asyncio.wait_for(self._flush(), 5)
        await self._sender.stop()
        with suppress(PyMongoError, TimeoutError):
            await asyncio.wait_for(self._lease.release(), 2)

    async def _flush(self) -> None:
        while self._lease.remaining() > MARGIN_SECONDS and await self.step():
            pass

    async def waiting(self) -> tuple[int, float]:
        """Rows in the outbox and the age in seconds of the one inserted first; ids are in order per aggregate only."""
        rows = await self._outbox.estimated_document_count()
        oldest = await self._outbox.find({}, {"at": 1}).sort("$natural", 1).limit(1).to_list(1)
        age = (datetime.now(UTC) - oldest[0]["at"]).total_seconds() if oldest else 0.0
        return rows, max(0.0, age)

    async def _rest(self, seconds: float) -> None:
        """Sleep until woken, stopped or the time is over."""
        waits = [asyncio.ensure_future(self.wake.wait()), asyncio.ensure_future(self._stopping.wait())]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def most_next(most: int, rows: int, length: int) -> int:
    """Rows that would be about ROUND_BYTES long, by those of the last round; not suddenly many."""
    if not rows:
        return most
    return max(1, min(BATCH, 2 * most, ROUND_BYTES * rows // max(1, length)))
