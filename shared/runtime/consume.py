"""A consumer group of this process, with exactly one effect per record: `applying.py` applies what is fetched here.

FastStream's batch subscriber delivers; the stored offsets are the truth, Kafka's committed ones are for lag tools.
The handler never raises and never acknowledges: every way out without a commit seeks back to the stored offset.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage, Topic
from faststream.kafka.message import FAKE_CONSUMER
from pymongo.errors import PyMongoError

from shared.runtime import away
from shared.runtime.applying import Applier, partitions_of
from shared.runtime.batch import Writes
from shared.runtime.errors import Fenced
from shared.runtime.foreign_headers import read_any_header_name
from shared.runtime.group import Group
from shared.runtime.metrics import FENCED
from shared.runtime.mongo import Database, Unavailable
from shared.runtime.offsets import Offsets
from shared.runtime.parking_lot import without_documents
from shared.runtime.positions import Positions
from shared.runtime.stopping import Stopping
from shared.runtime.watchdog import Watchdog

FETCH_BYTES = 1 << 17
"""Per partition and fetch, compressed; a larger record still comes, alone. A partition's fetch is applied before the
next one's, so where much waits in one topic, this is how long the others wait for their turn."""
STUCK = 70
"""Exit code of a process whose consumer is stuck for good."""
log = structlog.get_logger(__name__)


class Consumer:
    def __init__(
        self,
        database: Database,
        group: Group,
        *,
        wrote: Callable[[Writes], None],
        parking_full: Callable[[], bool],
        wait_for_relay: Callable[[], Awaitable[None]],
        give_up: Callable[[str, int], None],
        stopping: Stopping,
    ) -> None:
        self.name = group.name_in_kafka
        self.positions = Positions(self.name, Offsets(database, group.name))
        self._table = group.table
        self._settings = group.settings
        self._applier = Applier(database, group, self.positions, wrote)
        self._parking_full = parking_full
        self._wait_for_relay = wait_for_relay
        self._give_up = give_up
        self._stopping = stopping
        self._troubles = {"start": f"{self.name} is not started"}
        self._lock = asyncio.Lock()
        self._watchdog = Watchdog()
        self._subscriber: Any = None

    def subscribe(self, broker: KafkaBroker) -> None:
        read_any_header_name()
        topics = [Topic(self._settings.topic_prefix + topic, declare=False) for topic in self._table.topics]
        self._subscriber = broker.subscriber(
            *topics,
            batch=True,
            group_id=self.name,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            parser=_parse,
            decoder=_decode,
            listener=self.positions,
            max_records=self._settings.max_records,
            batch_timeout_ms=10,
            fetch_max_wait_ms=int(self._table.gather.total_seconds() * 1000),
            fetch_min_bytes=FETCH_BYTES,
            max_partition_fetch_bytes=FETCH_BYTES,
            session_timeout_ms=self._settings.session_timeout_ms,
        )
        self._subscriber(self.on_batch)

    @property
    def troubles(self) -> list[str]:
        """What keeps this group from progress; empty while all is well."""
        return [*self._troubles.values(), *self.positions.troubles.values()]

    async def on_batch(self, records: Sequence[ConsumerRecord]) -> None:
        await self._wait_for_relay()
        async with self._lock:
            self.positions.read_with(self._subscriber.consumer)
            try:
                if self._parking_full():
                    raise Unavailable("too many parked records")
                await self._applier.apply(records)
                self._troubles.pop("batch", None)
                return
            except Fenced as fence:
                log.info("fenced", group=self.name, reason=str(fence))
                FENCED.labels(self.name).inc()
                self.positions.forget(partitions_of(records))
            except (Unavailable, PyMongoError) as error:
                self._troubles["batch"] = f"{self.name}: {without_documents(error)}"
                log.warning("batch given back", group=self.name, error=self._troubles["batch"], records=len(records))
                await self._stopping.rest(1.0)
            except Exception as error:
                self._troubles["batch"] = f"{type(error).__name__}: {without_documents(error)}"
                log.exception("batch given back", group=self.name, records=len(records))
                await self._stopping.rest(1.0)
            self.positions.seek(partitions_of(records))

    # -- beside the batches -----------------------------------------------------------------------------------

    async def watch(self) -> None:
        """Load positions after a rebalance, end pauses, commit for lag tools, and start a stuck consumer anew."""
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self.positions.assigned.wait(), 0.5)
            self.positions.assigned.clear()
            try:
                await self._look_after()
                self._troubles.pop("watch", None)
            except Exception as error:
                log.warning("positions not loaded, trying again", group=self.name, error=repr(error))
                self._troubles["watch"] = f"{self.name}: {away.sentence(error, self._settings)}"
                self.positions.assigned.set()
                await self._stopping.rest(1.0)

    async def _look_after(self) -> None:
        self.positions.read_with(self._subscriber.consumer)
        if self.positions.consumer is None:
            return
        async with self._lock:
            self.positions.resume()
            await self.positions.load()
            self.positions.look_back()
        self._troubles.pop("start", None)
        if "batch" in self._troubles and await self.positions.caught_up():
            self._troubles.pop("batch", None)
        await self.positions.commit()
        if not self._troubles and (tp := await self._watchdog.stuck(self.positions)):
            log.error("consumer is stuck, starting it anew", group=self.name, topic=tp.topic, partition=tp.partition)
            await self._restart()

    async def _restart(self) -> None:
        self.positions.forget(self.positions.expected)
        self._watchdog.forget()
        try:
            await asyncio.wait_for(self._subscriber.stop(), 20)
            await asyncio.wait_for(self._subscriber.start(), 20)
        except (KafkaError, TimeoutError) as error:
            self._give_up(f"{self.name}: a stuck consumer could not be started anew: {error!r}", STUCK)


async def _parse(records: tuple[ConsumerRecord, ...]) -> KafkaMessage:
    """Nothing is decoded here: one bad header would lose its whole batch."""
    return KafkaMessage(
        body=b"", headers={}, raw_message=records, message_id="", correlation_id="", consumer=FAKE_CONSUMER
    )


async def _decode(message: KafkaMessage) -> tuple[ConsumerRecord, ...]:
    records: tuple[ConsumerRecord, ...] = message.raw_message
    return records
