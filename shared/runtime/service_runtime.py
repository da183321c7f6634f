"""A running service: its database, consumer groups, relay and timers, started and stopped as one."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker
from pymongo import IndexModel
from pymongo.errors import PyMongoError

from shared.contracts.base import Message
from shared.runtime import away
from shared.runtime.batch import Writes
from shared.runtime.consume import Consumer
from shared.runtime.decision import Kind
from shared.runtime.handlers import Handler, Handlers
from shared.runtime.history import collection_of
from shared.runtime.metrics import FULLEST_KEY, HELD, LAG, LIMIT, OUTBOX_AGE, OUTBOX_ROWS, PARKED, QUEUED_KEYS
from shared.runtime.mongo import Collection, Database, Unavailable
from shared.runtime.offsets import Offsets
from shared.runtime.relay import Relay
from shared.runtime.settings import ServiceSettings
from shared.runtime.store import RUNTIME_INDEXES, Store, check_store
from shared.runtime.timers import FIRE_AT, HeldTimer, Timers
from shared.runtime.working_set import Setting

S = TypeVar("S")
OUTBOX_SLOW_SECONDS = 30.0
ANSWER_SECONDS = 6.0
NEAR = 0.8
"""Share of a bound from which on it is worth a warning."""
MISCONFIGURED = 78
log = structlog.get_logger(__name__)


@dataclass
class Counts:
    """What the housekeeping saw last."""

    outbox: tuple[int, float] = (0, 0.0)
    held: int = 0
    parked: int = 0
    queued_keys: int = 0
    fullest: tuple[str, int] = ("", 0)
    """The key with most records queued, as `group key`, and how many they are."""
    lag: list[dict[str, Any]] = field(default_factory=list)
    """Empty while Kafka does not say."""


class ServiceRuntime:
    def __init__(
        self,
        service: str,
        settings: ServiceSettings,
        tables: Sequence[Handlers],
        kinds: Sequence[Kind[Any]],
        indexes: Mapping[str, Sequence[IndexModel]],
    ) -> None:
        self.service = service
        self.settings = settings
        self.database = Database(settings.mongodb_uri, settings.topic_prefix + service)
        self.store = Store(self.database)
        self.stopping = asyncio.Event()
        self.after_commit: list[Callable[[Writes], None]] = []
        """Told what each transaction of this process has written."""
        self.counts = Counts()
        self.fatal: str | None = None
        """Why this process must not work, whatever it waits for; `hopeless` is set with it."""
        self.hopeless = asyncio.Event()
        self.exit_code = 0
        self.trouble: str | None = "starting"
        self.erasing = asyncio.Lock()
        """One person at a time."""
        by_name = {kind.name: kind for kind in kinds}
        self.settings_of = {
            table.group: Setting(
                service,
                table,
                by_name,
                settings,
                topic_prefix=settings.topic_prefix,
                hold_for=settings.hold_for,
                max_parked_per_key=settings.max_parked_per_key,
                catch_up=settings.catch_up,
            )
            for table in tables
        }
        self.consumers = [
            Consumer(
                self.database,
                setting,
                settings,
                wrote=self.wrote,
                give_up=self.give_up,
                parking_full=lambda: self.parking_full,
                stopping=self.stopping,
            )
            for setting in self.settings_of.values()
        ]
        self.relay = Relay(self.database, settings, service, self.stopping)
        self._indexes = indexes
        self._silent: Counter[str] = Counter()
        """How many times in a row MongoDB or Kafka did not answer."""
        self._broker: KafkaBroker | None = None
        self._tasks: list[asyncio.Task[None]] = []

    # -- for routes -------------------------------------------------------------------------------------------

    def collection(self, name: str) -> Collection:
        return self.database.collection(name)

    def handler_for(self, message: Message) -> Handler:
        return self.setting_for(message).table.by_type[message.wire_type()]

    def setting_for(self, message: Message) -> Setting:
        return next(s for s in self.settings_of.values() if message.wire_type() in s.table.by_type)

    @property
    def outbox_full(self) -> bool:
        return self.counts.outbox[0] >= self.settings.outbox_limit

    @property
    def parking_full(self) -> bool:
        """So many records are parked that no further ones are read until an operator has worked on them."""
        return self.counts.parked >= self.settings.max_parked

    def wrote(self, writes: Writes) -> None:
        """Called after each commit of this process: wakes the relay and live readers."""
        if writes.output.outbox:
            self.relay.wake.set()
        for tell in self.after_commit:
            tell(writes)

    @asynccontextmanager
    async def paused(self, group: str, reason: str = "rebuild") -> AsyncIterator[None]:
        """No batch of the group commits in any process meanwhile. A killed process leaves it paused: run it again."""
        offsets = Offsets(self.database, group)
        await offsets.pause(reason, datetime.now(UTC))
        try:
            yield
        finally:
            await offsets.resume()

    def troubles(self) -> list[str]:
        """Why the service is not ready; empty when consumers progress and the outbox drains."""
        reasons = [self.fatal, self.trouble, self.relay.trouble]
        reasons += [trouble for consumer in self.consumers for trouble in consumer.troubles]
        if self.counts.outbox[1] > OUTBOX_SLOW_SECONDS:
            reasons.append(f"the oldest event waits for {self.counts.outbox[1]:.0f} s")
        reasons += [away.silence(name, self.settings) for name, times in self._silent.items() if times > 1]
        if self.outbox_full:
            reasons.append(f"{self.counts.outbox[0]} events wait, no more commands are taken: is Kafka away?")
        if self.parking_full:
            reasons.append(f"{self.counts.parked} parked records, nothing more is read: retry or drop some")
        return [reason for reason in reasons if reason]

    def warnings(self) -> list[str]:
        """Bounds that will stop something when nobody acts; nothing is stopped yet."""
        settings, (fullest, queued) = self.settings, self.counts.fullest
        bounds = [
            (self.counts.outbox[0], settings.outbox_limit, "events in the outbox"),
            (self.counts.parked, settings.max_parked, "parked records"),
            (queued, settings.max_parked_per_key, f"records queued behind a parked one of {fullest}"),
        ]
        return [f"{n} of at most {most} {what}" for n, most, what in bounds if n >= NEAR * most]

    def give_up(self, reason: str, exit_code: int) -> None:
        """End the process; whoever started it starts it again."""
        log.error("giving up", reason=reason, exit_code=exit_code)
        self.fatal, self.exit_code = reason, exit_code
        self.hopeless.set()

    # -- life -------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self._tasks = [asyncio.create_task(self._start())]
        try:
            yield
        finally:
            await self._stop()

    async def _start(self) -> None:
        """Wait for MongoDB and Kafka as long as it takes: live meanwhile, but not ready."""
        if not await self._until_done(self._prepare_database):
            return
        self._spawn(self.relay.run(), *(HeldTimer(self.database, s, self.stopping).run() for s in self._settings()))
        self._spawn(*(Timers(self.database, s, self.lag, self.wrote, self.stopping).run() for s in self._timed()))
        self._spawn(self._housekeeping())
        if not await self._until_done(self._connect):
            return
        self._spawn(*(consumer.watch() for consumer in self.consumers), self._watch_lag())
        self.trouble = None

    def _settings(self) -> list[Setting]:
        return list(self.settings_of.values())

    def _timed(self) -> list[Setting]:
        return [setting for setting in self._settings() if setting.table.timers]

    def _spawn(self, *coroutines: Any) -> None:
        self._tasks += [asyncio.create_task(coroutine) for coroutine in coroutines]

    async def _until_done(self, step: Any) -> bool:
        pause = 0.2
        while not self.stopping.is_set() and self.fatal is None:
            try:
                await step()
                return self.fatal is None
            except Exception as error:
                self.trouble = f"waiting: {away.sentence(error, self.settings)}"
                log.warning("not started yet", reason=self.trouble, error=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), pause)
            pause = min(pause * 1.5, 3.0)
        return False

    async def _prepare_database(self) -> None:
        if reason := await check_store(self.database, self.settings):
            self.give_up(reason, MISCONFIGURED)
            return
        indexes = {**RUNTIME_INDEXES, **self._indexes}
        kinds = [kind for setting in self._settings() for kind in setting.kinds.values()]
        histories = {collection_of(kind) for kind in kinds if kind.tell}
        documents = {kind.collection for kind in kinds}
        await self.database.create_collections({*indexes, *documents, *histories, "leases", "pauses"})
        await self.database.create_indexes(indexes)
        timed = {kind.collection: [FIRE_AT] for setting in self._timed() for kind in setting.table.timers}
        await self.database.create_indexes(timed)

    async def _connect(self) -> None:
        broker = KafkaBroker(
            self.settings.kafka_bootstrap_servers.split(","),  # the broker takes a string for one server
            consumer_only=True,
            allow_auto_create_topics=False,
            apply_types=False,
            logger=None,
            client_id=f"sellerdesk-{self.service}",
            # A connection that swallows everything is given up after it; joining a group may take a whole session.
            request_timeout_ms=self.settings.session_timeout_ms + 5_000,
            graceful_timeout=12.0,
        )
        for consumer in self.consumers:
            consumer.subscribe(broker)
        try:
            await asyncio.wait_for(broker.start(), 30)
        except BaseException:
            with suppress(Exception):
                await asyncio.wait_for(broker.stop(), 5)
            raise
        self._broker = broker

    async def _housekeeping(self) -> None:
        """Keep the figures for readiness, /ops/status and /metrics fresh."""
        while not self.stopping.is_set():
            try:
                await asyncio.wait_for(self.refresh(), ANSWER_SECONDS)
                self._silent.pop("MongoDB", None)
            except (PyMongoError, Unavailable, TimeoutError):
                self._silent["MongoDB"] += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), 2.0)

    async def _watch_lag(self) -> None:
        """Of its own, for it waits where Kafka is away."""
        while not self.stopping.is_set():
            try:
                self.counts.lag = await asyncio.wait_for(self.lag(), ANSWER_SECONDS)
                self._silent.pop("Kafka", None)
            except (PyMongoError, Unavailable, KafkaError, TimeoutError) as error:
                self.counts.lag = []
                self._silent["Kafka"] += not isinstance(error, PyMongoError | Unavailable)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), 2.0)

    def behind(self, group: str) -> int | None:
        """Events that a group has not read yet, as counted within the last seconds; None while nobody knows."""
        name = self.settings.topic_prefix + group
        lags = [row["lag"] for row in self.counts.lag if row["group"] == name and row["topic"].endswith(".events")]
        return sum(lags) if lags and None not in lags else None

    async def refresh(self) -> Counts:
        self.counts.outbox = await self.relay.waiting()
        self.counts.held = await self.collection("held").estimated_document_count()
        self.counts.parked = await self.collection("parked").estimated_document_count()
        gates = self.collection("gates")
        self.counts.queued_keys = await gates.estimated_document_count()
        fullest = await gates.find().sort("count", -1).limit(1).to_list(1)
        self.counts.fullest = (
            (f"{fullest[0]['group']} {fullest[0]['key']}", fullest[0]["count"]) if fullest else ("", 0)
        )
        self._measure()
        return self.counts

    def _measure(self) -> None:
        OUTBOX_ROWS.labels(self.service).set(self.counts.outbox[0])
        OUTBOX_AGE.labels(self.service).set(self.counts.outbox[1])
        HELD.labels(self.service).set(self.counts.held)
        PARKED.labels(self.service).set(self.counts.parked)
        QUEUED_KEYS.labels(self.service).set(self.counts.queued_keys)
        FULLEST_KEY.labels(self.service).set(self.counts.fullest[1])
        LIMIT.labels(self.service, "parked_records").set(self.settings.max_parked)
        LIMIT.labels(self.service, "records_per_key").set(self.settings.max_parked_per_key)
        LIMIT.labels(self.service, "outbox_rows").set(self.settings.outbox_limit)

    async def lag(self) -> list[dict[str, Any]]:
        rows = [row for consumer in self.consumers for row in await consumer.positions.lag()]
        for row in rows:
            if row["lag"] is not None:
                LAG.labels(row["group"], row["topic"], row["partition"]).set(row["lag"])
        return rows

    def leave(self) -> None:
        """The process is about to end: not ready any more, and whoever waits for news waits no longer."""
        self.trouble = "stopping"
        self.stopping.set()

    async def _stop(self) -> None:
        """Stop fetching, finish or abandon the batch, publish what is left, leave the group, close MongoDB."""
        self.leave()
        if self._broker is not None:
            with suppress(Exception):
                await asyncio.wait_for(self._broker.stop(), 15)
        await self.relay.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.database.close()
