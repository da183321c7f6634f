"""A running service: its database, consumer groups, relay, timers and backlog, started and stopped as one."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import structlog
from faststream.kafka import KafkaBroker
from pymongo import IndexModel

from shared.contracts.base import Message
from shared.runtime import away
from shared.runtime.backlog import Backlog
from shared.runtime.batch import Writes
from shared.runtime.consume import Consumer
from shared.runtime.decision import Kind
from shared.runtime.group import Group
from shared.runtime.handlers import Handler, Handlers
from shared.runtime.history import collection_of
from shared.runtime.mongo import Collection, Database
from shared.runtime.offsets import Offsets
from shared.runtime.relay import Relay
from shared.runtime.settings import ServiceSettings
from shared.runtime.stopping import Stopping
from shared.runtime.store import RUNTIME_INDEXES, Store, check_store
from shared.runtime.timers import FIRE_AT, HeldTimer, Timers

MISCONFIGURED = 78
log = structlog.get_logger(__name__)


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
        self.stopping = Stopping()
        self.after_commit: list[Callable[[Writes], None]] = []
        """Told what each transaction of this process has written."""
        self.fatal: str | None = None
        """Why this process must not work, whatever it waits for; `hopeless` is set with it."""
        self.hopeless = asyncio.Event()
        self.exit_code = 0
        self.trouble: str | None = "starting"
        self.erasing = asyncio.Lock()
        """One person at a time."""
        by_name = {kind.name: kind for kind in kinds}
        self.groups = {table.group: Group(service, table, by_name, settings) for table in tables}
        self.relay = Relay(self.database, settings, service, self.stopping)
        self.consumers = [self._consumer(group) for group in self.groups.values()]
        self.backlog = Backlog(service, settings, self.database, self.relay, self.consumers, self.stopping)
        self._kinds = kinds
        self._indexes = indexes
        self._broker: KafkaBroker | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def _consumer(self, group: Group) -> Consumer:
        return Consumer(
            self.database,
            group,
            wrote=self.wrote,
            give_up=self.give_up,
            parking_full=lambda: self.backlog.parking_full,
            wait_for_relay=self.relay.keeps_up,
            stopping=self.stopping,
        )

    # -- for routes -------------------------------------------------------------------------------------------

    def collection(self, name: str) -> Collection:
        return self.database.collection(name)

    def handler_for(self, message: Message) -> Handler:
        return self.group_of(message).table.by_type[message.wire_type()]

    def group_of(self, message: Message) -> Group:
        return next(group for group in self.groups.values() if message.wire_type() in group.table.by_type)

    def wrote(self, writes: Writes) -> None:
        """Called after each commit of this process: wakes the relay and live readers."""
        self.relay.told(len(writes.output.outbox))
        for tell in self.after_commit:
            tell(writes)

    @asynccontextmanager
    async def paused(self, group: str, reason: str = "rebuild") -> AsyncIterator[None]:
        """No batch of the group commits in any process meanwhile. A killed process leaves it paused: run it again."""
        offsets = Offsets(self.database, group)
        token = await offsets.pause(reason, datetime.now(UTC))
        try:
            yield
        finally:
            await offsets.resume(token)

    def troubles(self) -> list[str]:
        """Why the service is not ready; empty when consumers progress and the outbox drains."""
        reasons = [self.fatal, self.trouble, self.relay.trouble]
        reasons += [trouble for consumer in self.consumers for trouble in consumer.troubles]
        return [reason for reason in reasons if reason] + self.backlog.troubles()

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
        self._spawn(self.relay.run(), self.backlog.keep_counting())
        for group in self.groups.values():
            self._spawn(HeldTimer(self.database, group, self.wrote, self.stopping).run())
            if group.table.timers:
                self._spawn(Timers(self.database, group, self.wrote, self.stopping, self.backlog.lag).run())
        if not await self._until_done(self._connect):
            return
        self._spawn(*(consumer.watch() for consumer in self.consumers), self.backlog.keep_measuring_lag())
        self.trouble = None

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
            await self.stopping.rest(pause)
            pause = min(pause * 1.5, 3.0)
        return False

    async def _prepare_database(self) -> None:
        if reason := await check_store(self.database, self.settings):
            self.give_up(reason, MISCONFIGURED)
            return
        indexes = {**RUNTIME_INDEXES, **self._indexes}
        histories = {collection_of(kind) for kind in self._kinds if kind.tell}
        documents = {kind.collection for kind in self._kinds}
        await self.database.create_collections({*indexes, *documents, *histories, "leases", "pauses"})
        await self.database.create_indexes(indexes)
        timed = {kind.collection: [FIRE_AT] for group in self.groups.values() for kind in group.table.timers}
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
