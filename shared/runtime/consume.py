"""Consuming with exactly one effect per record: one MongoDB transaction per poll holds states, events and offsets.

FastStream's batch subscriber delivers; the stored offsets are the truth, Kafka's committed ones are for lag tools.
The handler never raises and never acknowledges: every way out without a commit seeks back to the stored offset.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage, Topic
from faststream.kafka.message import FAKE_CONSUMER
from pymongo.errors import PyMongoError

from shared.runtime.batch import Batch, KeyFull, Writes
from shared.runtime.failpoints import failpoint
from shared.runtime.lease import Lease
from shared.runtime.metrics import BATCH_SECONDS, BATCHES, RECORDS
from shared.runtime.mongo import Database, Session, Unavailable
from shared.runtime.offsets import Fenced, Offsets
from shared.runtime.records import Read, Record, read
from shared.runtime.settings import ServiceSettings
from shared.runtime.transaction import Transaction
from shared.runtime.working_set import Setting

FETCH_BYTES = 5_000_000
LEASE_SECONDS = 5.0
STUCK_SECONDS = 60.0
Batches = dict[TopicPartition, list[ConsumerRecord]]
log = structlog.get_logger(__name__)


class Consumer(ConsumerRebalanceListener):  # type: ignore[misc]
    """One consumer group of this process."""

    def __init__(
        self,
        database: Database,
        setting: Setting,
        settings: ServiceSettings,
        *,
        wrote: Callable[[Writes], None],
        stopping: asyncio.Event,
    ) -> None:
        self.setting = setting
        self.group = settings.topic_prefix + setting.table.group
        self.topics = [settings.topic_prefix + topic for topic in setting.table.topics]
        self.offsets = Offsets(database, setting.table.group)
        self.troubles: dict[str, str] = {"start": f"{self.group} is not started"}
        """What keeps this group from progress, by cause; empty while all is well."""
        self._database = database
        self._settings = settings
        self._wrote = wrote
        self._stopping = stopping
        self._lease = Lease(database, setting.table.lease, LEASE_SECONDS) if setting.table.lease else None
        self._expected: dict[TopicPartition, int] = {}
        """Per partition the offset this process loaded or wrote last; absent until it is loaded and sought."""
        self._committed: dict[TopicPartition, int] = {}
        self._waiting: dict[TopicPartition, float] = {}
        """Partitions paused until a time (monotonic)."""
        self._limit = settings.max_records
        self._lock = asyncio.Lock()
        self._assigned = asyncio.Event()
        self._moved: dict[TopicPartition, tuple[int, float]] = {}
        self._subscriber: Any = None

    # -- FastStream -------------------------------------------------------------------------------------------

    def subscribe(self, broker: KafkaBroker) -> None:
        self._subscriber = broker.subscriber(
            *[Topic(topic, declare=False) for topic in self.topics],
            batch=True,
            group_id=self.group,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            parser=_parse,
            decoder=_decode,
            listener=self,
            max_records=self._settings.max_records,
            batch_timeout_ms=20,
            fetch_max_wait_ms=100,
            max_partition_fetch_bytes=FETCH_BYTES,
            session_timeout_ms=10_000,
        )
        self._subscriber(self.on_batch)

    @property
    def consumer(self) -> AIOKafkaConsumer | None:
        return self._subscriber.consumer if self._subscriber is not None else None

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        for tp in revoked:
            self._expected.pop(tp, None)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Forget what was known; `watch` loads and seeks. Records that come before that are dropped, not lost."""
        for tp in assigned:
            self._expected.pop(tp, None)
        self._assigned.set()

    async def on_batch(self, records: Sequence[ConsumerRecord]) -> None:
        async with self._lock:
            batches: Batches = {}
            try:
                batches = await self._current(records)
                if batches:
                    await self._apply(batches)
                    self.troubles.pop("batch", None)
                    return
            except Fenced as fence:
                log.info("fenced", group=self.group, reason=str(fence))
                for tp in batches:
                    self._expected.pop(tp, None)
                self._assigned.set()
            except (Unavailable, PyMongoError) as error:
                self.troubles["batch"] = f"MongoDB: {error}"
                log.warning("batch given back", group=self.group, error=str(error), records=len(records))
                await self._rest(1.0)
            except Exception as error:
                self.troubles["batch"] = f"{type(error).__name__}: {error}"
                log.exception("batch given back", group=self.group, records=len(records))
                await self._rest(1.0)
            self._seek(batches)

    # -- applying ---------------------------------------------------------------------------------------------

    async def _current(self, records: Sequence[ConsumerRecord]) -> Batches:
        """Records of loaded partitions from `expected` on; those fetched before a seek are dropped, read again later.

        A position below a record's offset means that a seek happened after the record was fetched.
        """
        consumer = self.consumer
        by_partition: Batches = defaultdict(list)
        for record in records[: self._limit]:
            by_partition[TopicPartition(record.topic, record.partition)].append(record)
        batches: Batches = {}
        for tp, fetched in by_partition.items():
            expected = self._expected.get(tp)
            if expected is None or consumer is None or tp not in consumer.assignment():
                continue
            if await consumer.position(tp) <= fetched[-1].offset:
                continue
            fresh = [record for record in fetched if record.offset >= expected]
            RECORDS.labels(self.group, "refetched").inc(len(fetched) - len(fresh))
            if fresh:
                batches[tp] = fresh
        if len(records) > self._limit:
            self._seek({TopicPartition(r.topic, r.partition): [r] for r in records[self._limit :]})
        return batches

    async def _apply(self, batches: Batches) -> None:
        incoming = [read(_record(record), self.setting.table) for fetched in batches.values() for record in fetched]
        moves = {tp: (self._expected[tp], fetched[-1].offset + 1) for tp, fetched in batches.items()}
        started = time.perf_counter()
        try:
            writes = await self._transact(incoming, moves)
        except KeyFull as full:
            await self._make_way(full, batches)
            return
        except Unavailable:
            self._limit = max(1, len(incoming) // 2)
            raise
        self._limit = min(self._settings.max_records, self._limit * 2)
        for tp, (_, following) in moves.items():
            if tp in self._expected:
                self._expected[tp] = following
        BATCHES.labels(self.group).inc()
        BATCH_SECONDS.labels(self.group).observe(time.perf_counter() - started)
        self._report(writes)
        self._wrote(writes)

    async def _transact(self, incoming: Sequence[Read], moves: Mapping[TopicPartition, tuple[int, int]]) -> Writes:
        def act(batch: Batch) -> None:
            for one in incoming:
                batch.take(one)

        async def body(session: Session, attempt: int) -> Writes:
            failpoint("consume.in_transaction")
            transaction = Transaction(self._database, session, self.setting, attempt)
            _, writes = await transaction.run(incoming, act)
            await self.offsets.advance(session, moves, writes.counts)
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
        self.troubles[str(tp)] = f"{full} ({tp.topic}/{tp.partition} waits for `sellerdesk parked retry` or `drop`)"
        log.error("partition paused", group=self.group, key=full.key, topic=tp.topic, partition=tp.partition)
        self._hold_back(tp, 5.0)
        rest = {other: fetched for other, fetched in batches.items() if other != tp}
        self._seek({tp: batches[tp]})
        if rest:
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

    # -- positions --------------------------------------------------------------------------------------------

    def _seek(self, batches: Iterable[TopicPartition]) -> None:
        """Fetch again from the stored offset."""
        consumer = self.consumer
        for tp in batches:
            expected = self._expected.get(tp)
            if expected is not None and consumer is not None and tp in consumer.assignment():
                consumer.seek(tp, expected)

    def _hold_back(self, tp: TopicPartition, seconds: float) -> None:
        if self.consumer is not None and tp in self.consumer.assignment():
            self.consumer.pause(tp)
            self._waiting[tp] = time.monotonic() + seconds

    async def _load(self) -> None:
        """Load and seek every assigned partition that has no `expected` yet."""
        consumer = self.consumer
        if consumer is None:
            return
        unknown = consumer.assignment() - self._expected.keys()
        if not unknown:
            return
        beginnings = await asyncio.wait_for(consumer.beginning_offsets(list(unknown)), 10)
        ends = await asyncio.wait_for(consumer.end_offsets(list(unknown)), 10)
        rows = await self.offsets.load(beginnings)
        for tp, row in rows.items():
            if tp not in consumer.assignment():
                continue
            if "paused" in row:
                self._hold_back(tp, 0.5)
            elif not beginnings[tp] <= row["next"] <= ends[tp]:
                self.troubles[str(tp)] = (
                    f"{tp.topic}/{tp.partition}: stored offset {row['next']} is outside of the log "
                    f"[{beginnings[tp]}, {ends[tp]}]: was the topic re-created or its records deleted? See the runbook."
                )
                log.error("stored offset outside of the log", group=self.group, reason=self.troubles[str(tp)])
                self._hold_back(tp, 30.0)
            else:
                consumer.seek(tp, row["next"])
                self._expected[tp] = row["next"]
                self._moved.pop(tp, None)

    async def watch(self) -> None:
        """Load positions after a rebalance, resume partitions, commit for lag tools, and watch for a stuck consumer."""
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._assigned.wait(), 0.5)
            self._assigned.clear()
            try:
                async with self._lock:
                    self._resume()
                    await self._load()
                if self.consumer is not None:
                    self.troubles.pop("start", None)
                await self._commit()
                await self._restart_if_stuck()
                self.troubles.pop("watch", None)
            except (KafkaError, PyMongoError, Unavailable, TimeoutError) as error:
                log.warning("positions not loaded, trying again", group=self.group, error=str(error))
                self.troubles["watch"] = f"{type(error).__name__}: {error}"
                self._assigned.set()
                await self._rest(1.0)

    def _resume(self) -> None:
        consumer = self.consumer
        for tp, until in list(self._waiting.items()):
            if time.monotonic() >= until:
                del self._waiting[tp]
                self.troubles.pop(str(tp), None)
                if consumer is not None and tp in consumer.assignment():
                    consumer.resume(tp)

    async def _commit(self) -> None:
        """Advisory: lag tools read Kafka's committed offsets, this service never does."""
        consumer = self.consumer
        news = {tp: next for tp, next in self._expected.items() if self._committed.get(tp) != next}
        if consumer is None or not news or not consumer.assignment() >= news.keys():
            return
        try:
            await asyncio.wait_for(consumer.commit(news), 5)
            self._committed |= news
        except (KafkaError, TimeoutError) as error:
            log.debug("advisory commit failed", group=self.group, error=str(error))

    async def _restart_if_stuck(self) -> None:
        """Recreate the consumer when the log goes on and its position does not."""
        consumer = self.consumer
        if consumer is None or not self._expected or self._waiting or self.troubles:
            return
        partitions = [tp for tp in self._expected if tp in consumer.assignment()]
        ends = await asyncio.wait_for(consumer.end_offsets(partitions), 10)
        now = time.monotonic()
        for tp in partitions:
            position = await asyncio.wait_for(consumer.position(tp), 10)
            known, since = self._moved.get(tp, (-1, now))
            if position != known or position >= ends[tp]:
                self._moved[tp] = (position, now)
            elif now - since > STUCK_SECONDS:
                log.error("consumer is stuck, starting it anew", group=self.group, topic=tp.topic)
                self._moved.clear()
                await self.restart()
                return

    async def restart(self) -> None:
        self._expected.clear()
        await asyncio.wait_for(self._subscriber.stop(), 20)
        await asyncio.wait_for(self._subscriber.start(), 20)
        self._assigned.set()

    async def lag(self) -> list[dict[str, Any]]:
        """All partitions of the group's topics as far as any process has stored them, beside the log's end."""
        rows = await self.offsets.rows()
        consumer = self.consumer
        partitions = [TopicPartition(row["topic"], row["partition"]) for row in rows]
        ends: dict[TopicPartition, int] = {}
        if consumer is not None and partitions:
            ends = await asyncio.wait_for(consumer.end_offsets(partitions), 5)
        return [
            {
                "group": self.group,
                "topic": row["topic"],
                "partition": row["partition"],
                "next": row["next"],
                "end": ends.get(tp),
                "lag": ends[tp] - row["next"] if tp in ends else None,
                "counts": row.get("counts", {}),
                "paused": row.get("paused"),
            }
            for tp, row in zip(partitions, rows, strict=True)
        ]

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)


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
