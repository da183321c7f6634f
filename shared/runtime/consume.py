"""Consuming with exactly one effect per record: one MongoDB transaction per poll holds states, events and offsets.

FastStream's batch subscriber delivers; the stored offsets are the truth, Kafka's committed ones are for lag tools.
The handler never raises and never acknowledges: every way out without a commit seeks back to the stored offset.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage, Topic
from faststream.kafka.message import FAKE_CONSUMER
from pymongo.errors import BulkWriteError, PyMongoError

from shared.runtime import away
from shared.runtime.batch import Batch, Writes
from shared.runtime.failpoints import failpoint
from shared.runtime.foreign_headers import read_any_header_name
from shared.runtime.lease import Lease
from shared.runtime.metrics import BATCH_SECONDS, BATCHES, FENCED, RECORDS
from shared.runtime.mongo import Database, Session, Unavailable
from shared.runtime.offsets import Fenced, Offsets
from shared.runtime.parking_lot import KeyFull, without_documents
from shared.runtime.positions import Positions
from shared.runtime.records import Read, Record, read
from shared.runtime.settings import ServiceSettings
from shared.runtime.transaction import Transaction
from shared.runtime.watchdog import Watchdog
from shared.runtime.working_set import Setting

FETCH_BYTES = 1 << 20
"""Per partition and fetch; a larger record still comes, alone. More would only wait decoded in memory."""
LEASE_SECONDS = 5.0
PAUSE_SECONDS = 5.0
"""A partition whose key is full is tried again after it."""
STUCK = 70
"""Exit code of a process whose consumer is stuck for good."""
Batches = dict[TopicPartition, list[ConsumerRecord]]
Moves = Mapping[TopicPartition, tuple[int, int]]
log = structlog.get_logger(__name__)


class Consumer:
    """One consumer group of this process."""

    def __init__(
        self,
        database: Database,
        setting: Setting,
        settings: ServiceSettings,
        *,
        wrote: Callable[[Writes], None],
        parking_full: Callable[[], bool],
        give_up: Callable[[str, int], None],
        stopping: asyncio.Event,
    ) -> None:
        self.setting = setting
        self.group = settings.topic_prefix + setting.table.group
        self.positions = Positions(self.group, Offsets(database, setting.table.group))
        self._database = database
        self._settings = settings
        self._wrote = wrote
        self._parking_full = parking_full
        self._give_up = give_up
        self._stopping = stopping
        self._lease = Lease(database, setting.table.lease, LEASE_SECONDS) if setting.table.lease else None
        self._troubles = {"start": f"{self.group} is not started"}
        self._limit = settings.max_records
        self._lock = asyncio.Lock()
        self._watchdog = Watchdog(self.positions)
        self._subscriber: Any = None

    def subscribe(self, broker: KafkaBroker) -> None:
        read_any_header_name()
        topics = [Topic(self._settings.topic_prefix + topic, declare=False) for topic in self.setting.table.topics]
        self._subscriber = broker.subscriber(
            *topics,
            batch=True,
            group_id=self.group,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            parser=_parse,
            decoder=_decode,
            listener=self.positions,
            max_records=self._settings.max_records,
            batch_timeout_ms=10,
            fetch_max_wait_ms=int(self.setting.table.gather.total_seconds() * 1000),
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
        async with self._lock:
            self.positions.read_with(self._subscriber.consumer)
            try:
                if self._parking_full():
                    raise Unavailable("too many parked records")
                batches = await self._current(records)
                if batches:
                    await self._apply(batches)
                self._troubles.pop("batch", None)
                return
            except Fenced as fence:
                log.info("fenced", group=self.group, reason=str(fence))
                FENCED.labels(self.group).inc()
                self.positions.forget(_partitions(records))
            except (Unavailable, PyMongoError) as error:
                self._troubles["batch"] = f"{self.group}: {without_documents(error)}"
                log.warning("batch given back", group=self.group, error=self._troubles["batch"], records=len(records))
                await self._rest(1.0)
            except Exception as error:
                self._troubles["batch"] = f"{type(error).__name__}: {without_documents(error)}"
                log.exception("batch given back", group=self.group, records=len(records))
                await self._rest(1.0)
            self.positions.seek(_partitions(records))

    # -- applying ---------------------------------------------------------------------------------------------

    async def _current(self, records: Sequence[ConsumerRecord]) -> Batches:
        """The records to apply now, by partition; those beyond the limit are fetched again."""
        fetched: Batches = defaultdict(list)
        for record in records[: self._limit]:
            fetched[TopicPartition(record.topic, record.partition)].append(record)
        batches = {tp: fresh for tp, some in fetched.items() if (fresh := await self.positions.fresh(tp, some))}
        known = sum(len(some) for some in fetched.values()) - sum(len(fresh) for fresh in batches.values())
        RECORDS.labels(self.group, "fetched_again").inc(known)
        self.positions.seek(_partitions(records[self._limit :]))
        return batches

    async def _apply(self, batches: Batches) -> None:
        incoming = [read(_record(record), self.setting.table) for fetched in batches.values() for record in fetched]
        moves = self._moves(batches)
        started = time.perf_counter()
        try:
            writes = await self._transact(moves, partial(Batch.take_all, incoming=incoming), incoming)
        except KeyFull as full:
            await self._make_way(full, batches)
            return
        except Unavailable:
            self._limit = max(1, len(incoming) // 2)
            raise
        except Exception as error:
            if not _of_the_records(error):
                raise
            if len(incoming) > 1:
                await self._apply_singly(batches, error)
                return
            writes = await self._transact(moves, partial(Batch.refuse, incoming=incoming[0], error=error), incoming)
        self._limit = min(self._settings.max_records, self._limit * 2)
        self.positions.advance(moves)
        BATCHES.labels(self.group).inc()
        BATCH_SECONDS.labels(self.group).observe(time.perf_counter() - started)
        self._report(writes)
        self._wrote(writes)

    def _moves(self, batches: Batches) -> Moves:
        """Per partition from the expected offset to the one behind the batch."""
        if lost := batches.keys() - self.positions.expected.keys():
            raise Fenced(f"{self.group}: {len(lost)} partitions went to another process")
        return {tp: (self.positions.expected[tp], fetched[-1].offset + 1) for tp, fetched in batches.items()}

    async def _apply_singly(self, batches: Batches, error: Exception) -> None:
        """Find the record that spoils a batch, such as one whose outcome MongoDB cannot store; it is parked."""
        log.warning(
            "batch is spoilt, applying its records one by one", group=self.group, error=without_documents(error)
        )
        for tp, fetched in batches.items():
            for record in fetched:
                await self._apply({tp: [record]})
                if self.positions.expected.get(tp) != record.offset + 1:
                    break

    async def _transact(self, moves: Moves, act: Callable[[Batch], None], incoming: Sequence[Read]) -> Writes:
        async def body(session: Session, attempt: int) -> Writes:
            failpoint("consume.in_transaction")
            transaction = Transaction(self._database, session, self.setting, attempt)
            _, writes = await transaction.run(incoming, act)
            await self.positions.offsets.advance(session, moves, writes.counts)
            failpoint("consume.before_commit")
            return writes

        if self._lease is not None:
            await self._lease.wait(LEASE_SECONDS)
        try:
            writes = await self._database.transaction(body)
        finally:
            if self._lease is not None:
                await self._lease.release()
        failpoint("consume.after_commit")
        return writes

    async def _make_way(self, full: KeyFull, batches: Batches) -> None:
        """Pause the partition whose key is full, so that the others go on."""
        tp = TopicPartition(*full.partition)
        reason = f"{full}: {tp.topic}/{tp.partition} waits for `sellerdesk parked retry` or `drop`"
        log.error("partition paused", group=self.group, key=full.key, topic=tp.topic, partition=tp.partition)
        self.positions.pause(tp, PAUSE_SECONDS, reason)
        self.positions.seek([tp])
        if rest := {other: fetched for other, fetched in batches.items() if other != tp}:
            await self._apply(rest)

    def _report(self, writes: Writes) -> None:
        for counts in writes.counts.values():
            for what, n in counts.items():
                RECORDS.labels(self.group, what).inc(n)
        for incoming, bug in writes.bugs:
            log.error(
                "handler raised; the record is parked",
                group=self.group,
                event_id=incoming.envelope.id,
                event_type=incoming.envelope.type,
                key=incoming.envelope.subject,
                trace=incoming.envelope.traceparent,
                exc_info=bug,
            )
        for parked in writes.parked:
            log.warning(
                "record parked",
                group=self.group,
                record=parked.record.id,
                key=parked.record.shown_key,
                event_id=parked.envelope.id if parked.envelope else None,
                trace=parked.envelope.traceparent if parked.envelope else None,
                error=parked.fault.error,
                sentence=parked.fault.sentence,
            )

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
                log.warning("positions not loaded, trying again", group=self.group, error=repr(error))
                self._troubles["watch"] = f"{self.group}: {away.sentence(error, self._settings)}"
                self.positions.assigned.set()
                await self._rest(1.0)

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
        if not self._troubles and (tp := await self._watchdog.stuck()):
            log.error("consumer is stuck, starting it anew", group=self.group, topic=tp.topic, partition=tp.partition)
            await self._restart()

    async def _restart(self) -> None:
        self.positions.forget(self.positions.expected)
        self._watchdog.forget()
        try:
            await asyncio.wait_for(self._subscriber.stop(), 20)
            await asyncio.wait_for(self._subscriber.start(), 20)
        except (KafkaError, TimeoutError) as error:
            self._give_up(f"{self.group}: a stuck consumer could not be started anew: {error!r}", STUCK)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)


def _partitions(records: Iterable[ConsumerRecord]) -> set[TopicPartition]:
    return {TopicPartition(record.topic, record.partition) for record in records}


def _of_the_records(error: Exception) -> bool:
    """Whether trying the same records again later would fail again: nobody is away, no partition was lost."""
    if isinstance(error, BulkWriteError):
        return True
    return not isinstance(error, Fenced | PyMongoError | KafkaError | OSError)


def _record(record: ConsumerRecord) -> Record:
    return Record(
        record.topic,
        record.partition,
        record.offset,
        record.key,
        record.value,
        list(record.headers),
        record.timestamp,
    )


async def _parse(records: tuple[ConsumerRecord, ...]) -> KafkaMessage:
    """Nothing is decoded here: one bad header would lose its whole batch."""
    return KafkaMessage(
        body=b"", headers={}, raw_message=records, message_id="", correlation_id="", consumer=FAKE_CONSUMER
    )


async def _decode(message: KafkaMessage) -> tuple[ConsumerRecord, ...]:
    records: tuple[ConsumerRecord, ...] = message.raw_message
    return records
