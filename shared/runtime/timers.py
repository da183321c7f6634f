"""What happens because time passes: waits of held records end, and documents hear of the moments they wait for.

Runs in every process; the held row, or the version of the document, makes each of it once.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid5

import structlog
from pymongo import ASCENDING, IndexModel
from pymongo.errors import PyMongoError

from shared.contracts.envelope import Envelope
from shared.runtime.batch import Batch, Writes
from shared.runtime.decision import NAMESPACE, Actor, Document, Kind
from shared.runtime.group import Group
from shared.runtime.handlers import TimerFired
from shared.runtime.lease import Lease
from shared.runtime.mongo import Database, Session, Unavailable, infrastructure
from shared.runtime.records import Incoming, read
from shared.runtime.stopping import Stopping
from shared.runtime.stored import Held
from shared.runtime.transaction import Transaction

CHECK_SECONDS = 1.0
AT_ONCE = 100
NEWS_FIRST = timedelta(minutes=10)
"""How long a timer lets records go first that wait to be read: after a pause they may say what it waits for."""
TRY_AGAIN = timedelta(hours=1)
"""After a decision that raised: a bug, repaired by a new version."""
FIRE_AT = IndexModel([("meta.fire_at", ASCENDING)], sparse=True)
log = structlog.get_logger(__name__)


async def _until_stopping(stopping: Stopping, step: Callable[[], Awaitable[int]], what: str) -> None:
    while not stopping.is_set():
        done = 0
        try:
            done = await step()
        except (PyMongoError, Unavailable) as error:
            log.warning(f"{what} not checked", error=str(error))
        except Exception:
            log.exception(f"{what} could not be worked off")
        if done < AT_ONCE:
            await stopping.rest(CHECK_SECONDS)


class HeldTimer:
    def __init__(self, database: Database, group: Group, stopping: Stopping) -> None:
        self._database = database
        self._group = group
        self._stopping = stopping
        lease = group.table.lease
        self._lease = Lease(database, lease, 5.0) if lease else None

    async def run(self) -> None:
        await _until_stopping(self._stopping, self.step, "held records")

    async def step(self) -> int:
        """End the waits that are over; how many."""
        held = self._database.collection("held")
        query = {"group": self._group.name, "expires_at": {"$lte": datetime.now(UTC)}}
        due = await held.find(query).sort([("expires_at", 1), ("_id", 1)]).limit(AT_ONCE).to_list(AT_ONCE)
        for document in due:
            await self._expire(Held.of(document))
        return len(due)

    async def _expire(self, held: Held) -> None:
        async def body(session: Session, attempt: int) -> Writes:
            transaction = Transaction(self._database, session, self._group, attempt)
            message = read(held.record, self._group.table)
            _, writes = await transaction.run([message], lambda batch: batch.expire(held))
            return writes

        if self._lease is not None:
            await self._lease.wait(5.0)
        try:
            await self._database.transaction(body)
        finally:
            if self._lease is not None:
                await self._lease.release()


class Timers:
    """Tells documents that a moment they wait for has come, as messages dated at that moment."""

    def __init__(
        self,
        database: Database,
        group: Group,
        lag: Callable[[], Awaitable[list[dict[str, Any]]]],
        wrote: Callable[[Writes], None],
        stopping: Stopping,
    ) -> None:
        self._database = database
        self._group = group
        self._lag = lag
        self._wrote = wrote
        self._stopping = stopping
        self._since = datetime.now(UTC)

    async def run(self) -> None:
        await _until_stopping(self._stopping, self.step, "timers")

    async def step(self) -> int:
        """Fire what is due; for how many documents."""
        return sum([await self._fire_due(kind) for kind in self._group.table.timers])

    async def _fire_due(self, kind: Kind[Any]) -> int:
        now = datetime.now(UTC)
        documents = self._database.collection(kind.collection)
        query, fields = {"meta.fire_at": {"$lte": now}}, {"meta.timers": 1, "meta.fire_at": 1}
        due = await documents.find(query, fields).sort("meta.fire_at", 1).limit(AT_ONCE).to_list(AT_ONCE)
        if not due or (may_wait_for_news(due[0]["meta"]["fire_at"], self._since, now) and await self._news()):
            return 0
        fired = [fired_timer(self._group, kind, document) for document in due]
        try:
            await self._fire(fired)
        except Exception as error:
            if infrastructure(error):
                raise
            for one in fired:
                await self._fire_alone(one)
        return len(due)

    async def _news(self) -> bool:
        """Whether records wait to be read; also while nobody knows, as before Kafka answers."""
        group = self._group.name_in_kafka
        return any(row["lag"] != 0 for row in await self._lag() if row["group"] == group)

    async def _fire(self, fired: Sequence[Incoming]) -> None:
        async def body(session: Session, attempt: int) -> Writes:
            transaction = Transaction(self._database, session, self._group, attempt)
            _, writes = await transaction.run(fired, lambda batch: fire_all(batch, fired))
            return writes

        self._wrote(await self._database.transaction(body))

    async def _fire_alone(self, fired: Incoming) -> None:
        """One whose decision raises must not hold up the others."""
        try:
            await self._fire([fired])
        except Exception as error:
            if infrastructure(error):
                raise
            log.exception("a timer's decision raised", document=str(fired.ref), due=fired.envelope.time.isoformat())
            later = {"$set": {"meta.fire_at": datetime.now(UTC) + TRY_AGAIN}}
            await self._database.collection(fired.ref.kind.collection).update_one({"_id": fired.ref.id}, later)


def may_wait_for_news(due: datetime, since: datetime, now: datetime) -> bool:
    """`since`: when this process started; what was told while none ran is read from then on."""
    return max(due, since) > now - NEWS_FIRST


def fire_all(batch: Batch, fired: Iterable[Incoming]) -> None:
    for one in fired:
        assert isinstance(one.message, TimerFired)
        batch.fire(one, one.message.timer)


def fired_timer(group: Group, kind: Kind[Any], document: Document) -> Incoming:
    """The message for the timer of a stored document that is to fire first; the same timer makes the same ids."""
    name, due, _ = min(document["meta"]["timers"], key=lambda timer: (timer[2], timer[1], timer[0]))
    ref, message = kind.ref(document["_id"]), TimerFired(timer=name)
    envelope = Envelope(
        id=str(uuid5(NAMESPACE, f"{group.service}|{ref}|{name}|{due.isoformat()}")),
        source=f"/{group.service}/timer",
        type=message.wire_type(),
        time=due,
        subject=ref.id,
        data=b"",
    )
    return Incoming(None, envelope, group.table.timers[kind].handler, message, Actor("system", envelope.source))
