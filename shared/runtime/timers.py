"""What happens because time passes: waits of held records end, and documents hear of the moments they wait for.

Runs in every process; the held row, or MongoDB's write conflict on the document, makes each of it once.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar
from uuid import uuid5

import structlog
from pymongo import ASCENDING, IndexModel
from pymongo.errors import PyMongoError

from shared.contracts.envelope import Envelope
from shared.runtime.batch import Batch, Writes
from shared.runtime.decision import NAMESPACE, Actor, Document, Kind
from shared.runtime.group import Group
from shared.runtime.handlers import TimerFired
from shared.runtime.lease import turns
from shared.runtime.mongo import Database, Session, Unavailable, infrastructure
from shared.runtime.records import Incoming, Read, read
from shared.runtime.stopping import Stopping
from shared.runtime.stored import Held
from shared.runtime.transaction import Transaction

CHECK_SECONDS = 1.0
AT_ONCE = 100
NEWS_FIRST = timedelta(minutes=10)
"""How long a timer lets records go first that wait to be read: after a pause they may say what it waits for."""
TRY_AGAIN = timedelta(hours=1)
"""After a decision that raised, or whose outcome cannot be stored: a bug, repaired by a new version."""
FIRE_AT = IndexModel([("meta.fire_at", ASCENDING)], sparse=True)
log = structlog.get_logger(__name__)


class Clock(ABC):
    """Works off what is due in a consumer group, until the process stops."""

    what: ClassVar[str]

    def __init__(self, database: Database, group: Group, wrote: Callable[[Writes], None], stopping: Stopping) -> None:
        self._database = database
        self._group = group
        self._wrote = wrote
        self._stopping = stopping
        self._turn = turns(database, group.table.lease)

    async def run(self) -> None:
        while not self._stopping.is_set():
            done = 0
            try:
                done = await self.step()
            except (PyMongoError, Unavailable) as error:
                log.warning(f"{self.what} not checked", error=str(error))
            except Exception:
                log.exception(f"{self.what} could not be worked off")
            if done < AT_ONCE:
                await self._stopping.rest(CHECK_SECONDS)

    @abstractmethod
    async def step(self) -> int:
        """Work off what is due; how much it was."""

    async def _apply(self, incoming: Sequence[Read], act: Callable[[Batch], None], held: Sequence[str] = ()) -> None:
        async def body(session: Session, attempt: int) -> Writes:
            _, writes = await Transaction(self._database, session, self._group, attempt).run(incoming, act, held)
            return writes

        async with self._turn():
            writes = await self._database.transaction(body)
        self._wrote(writes)

    async def _or_later(self, work: Awaitable[None], collection: str, id: str, due: str) -> None:
        """What raises must not hold up the others: it is put off. due: the field that says when it is."""
        try:
            await work
        except Exception as error:
            if infrastructure(error):
                raise
            log.exception(f"{self.what}: one raised and is put off", collection=collection, id=id)
            now = datetime.now(UTC)
            put_off = {"$set": {due: now + TRY_AGAIN}}
            await self._database.collection(collection).update_one({"_id": id, due: {"$lte": now}}, put_off)


class HeldTimer(Clock):
    """Ends the waits that are over."""

    what = "held records"

    async def step(self) -> int:
        held = self._database.collection("held")
        query = {"group": self._group.name, "expires_at": {"$lte": datetime.now(UTC)}}
        over = await held.find(query).sort([("expires_at", 1), ("_id", 1)]).limit(AT_ONCE).to_list(AT_ONCE)
        for document in over:
            await self._or_later(self._expire(document), "held", document["_id"], "expires_at")
        return len(over)

    async def _expire(self, document: Document) -> None:
        held = Held.of(document)
        await self._apply([read(held.record, self._group.table)], partial(Batch.expire, held=held), [held.id])


class Timers(Clock):
    """Tells documents that a moment they wait for has come, as messages dated at that moment.

    lag: per partition of every group, how many records wait to be read.
    """

    what = "timers"

    def __init__(
        self,
        database: Database,
        group: Group,
        wrote: Callable[[Writes], None],
        stopping: Stopping,
        lag: Callable[[], Awaitable[list[dict[str, Any]]]],
    ) -> None:
        super().__init__(database, group, wrote, stopping)
        self._lag = lag
        self._since = datetime.now(UTC)

    async def step(self) -> int:
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
                await self._or_later(self._fire([one]), kind.collection, one.ref.id, "meta.fire_at")
        return len(due)

    async def _news(self) -> bool:
        """Whether records wait to be read; also while nobody knows, as before Kafka answers."""
        group = self._group.name_in_kafka
        return any(row["lag"] != 0 for row in await self._lag() if row["group"] == group)

    async def _fire(self, fired: Sequence[Incoming]) -> None:
        await self._apply(fired, partial(fire_all, fired=fired))


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
