"""Applying what was fetched: one MongoDB transaction for the records, the states and events they lead to, and offsets.

Raises what keeps a batch from being applied. Positions move with each commit; all else has to be fetched again.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import structlog
from aiokafka import ConsumerRecord, TopicPartition

from shared.runtime.batch import Batch, Writes
from shared.runtime.errors import Fenced, of_the_records
from shared.runtime.failpoints import failpoint
from shared.runtime.group import Group
from shared.runtime.lease import turns
from shared.runtime.metrics import BATCH_SECONDS, BATCHES, RECORDS
from shared.runtime.mongo import Database, Session, Unavailable
from shared.runtime.parking_lot import KeyFull, without_documents
from shared.runtime.positions import Positions
from shared.runtime.records import Read, Record, read
from shared.runtime.transaction import Transaction

BATCH_BYTES = 4_000_000
"""Read, or told, in one transaction: beyond it records wait for the next one, for wide documents take much memory."""
FIRST_BATCH = 50
"""Records in a process's first transaction, before it knows what becomes of them."""
PAUSE_SECONDS = 5.0
"""A partition whose key is full is tried again after it."""
Batches = dict[TopicPartition, list[ConsumerRecord]]
Moves = Mapping[TopicPartition, tuple[int, int]]
log = structlog.get_logger(__name__)


class Applier:
    """Of one consumer group. A transaction takes fewer records while they are long or MongoDB is too slow."""

    def __init__(self, database: Database, group: Group, positions: Positions, wrote: Callable[[Writes], None]) -> None:
        self._database = database
        self._group = group
        self._positions = positions
        self._name = group.name_in_kafka
        self._most = group.settings.max_records
        self._limit = min(self._most, FIRST_BATCH)
        self._wrote = wrote
        self._turn = turns(database, group.table.lease)

    async def apply(self, records: Sequence[ConsumerRecord]) -> None:
        while records:
            some = records[: fitting(records, self._limit)]
            records = records[len(some) :]
            if batches := await self._current(some):
                await self._apply(batches)

    async def _current(self, records: Sequence[ConsumerRecord]) -> Batches:
        """Those that are not applied yet, by partition."""
        fetched: Batches = defaultdict(list)
        for record in records:
            fetched[TopicPartition(record.topic, record.partition)].append(record)
        batches = {tp: fresh for tp, some in fetched.items() if (fresh := await self._positions.fresh(tp, some))}
        known = sum(len(some) for some in fetched.values()) - sum(len(fresh) for fresh in batches.values())
        RECORDS.labels(self._name, "fetched_again").inc(known)
        return batches

    async def _apply(self, batches: Batches) -> None:
        incoming = [read(_record(record), self._group.table) for fetched in batches.values() for record in fetched]
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
            if not of_the_records(error):
                raise
            if len(incoming) > 1:
                await self._apply_singly(batches, error)
                return
            writes = await self._transact(moves, partial(Batch.refuse, incoming=incoming[0], error=error), incoming)
        self._limit = min(self._most, self._limit * 2, as_many_as_fit(len(incoming), writes))
        self._positions.advance(moves)
        BATCHES.labels(self._name).inc()
        BATCH_SECONDS.labels(self._name).observe(time.perf_counter() - started)
        self._report(writes)
        self._wrote(writes)

    def _moves(self, batches: Batches) -> Moves:
        """Per partition from the expected offset to the one behind the batch."""
        if lost := batches.keys() - self._positions.expected.keys():
            raise Fenced(f"{self._name}: {len(lost)} partitions went to another process")
        return {tp: (self._positions.expected[tp], fetched[-1].offset + 1) for tp, fetched in batches.items()}

    async def _apply_singly(self, batches: Batches, error: Exception) -> None:
        """Find the record that spoils a batch, such as one whose outcome MongoDB cannot store; it is parked."""
        log.warning(
            "batch is spoilt, applying its records one by one", group=self._name, error=without_documents(error)
        )
        for tp, fetched in batches.items():
            for record in fetched:
                await self._apply({tp: [record]})
                if self._positions.expected.get(tp) != record.offset + 1:
                    break

    async def _transact(self, moves: Moves, act: Callable[[Batch], None], incoming: Sequence[Read]) -> Writes:
        async def body(session: Session, attempt: int) -> Writes:
            failpoint("consume.in_transaction")
            transaction = Transaction(self._database, session, self._group, attempt)
            _, writes = await transaction.run(incoming, act)
            await self._positions.offsets.advance(session, moves, writes.counts)
            failpoint("consume.before_commit")
            return writes

        async with self._turn():
            writes = await self._database.transaction(body)
        failpoint("consume.after_commit")
        return writes

    async def _make_way(self, full: KeyFull, batches: Batches) -> None:
        """Pause the partition whose key is full, so that the others go on."""
        tp = TopicPartition(*full.partition)
        reason = f"{full}: {tp.topic}/{tp.partition} waits for `sellerdesk parked retry` or `drop`"
        log.error("partition paused", group=self._name, key=full.key, topic=tp.topic, partition=tp.partition)
        self._positions.pause(tp, PAUSE_SECONDS, reason)
        self._positions.seek([tp])
        if rest := {other: fetched for other, fetched in batches.items() if other != tp}:
            await self._apply(rest)

    def _report(self, writes: Writes) -> None:
        for counts in writes.counts.values():
            for what, n in counts.items():
                RECORDS.labels(self._name, what).inc(n)
        for incoming, bug in writes.bugs:
            log.error(
                "handler raised; the record is parked",
                group=self._name,
                event_id=incoming.envelope.id,
                event_type=incoming.envelope.type,
                key=incoming.envelope.subject,
                trace=incoming.envelope.traceparent,
                exc_info=bug,
            )
        for parked in writes.parked:
            log.warning(
                "record parked",
                group=self._name,
                record=parked.record.id,
                key=parked.record.shown_key,
                event_id=parked.envelope.id if parked.envelope else None,
                trace=parked.envelope.traceparent if parked.envelope else None,
                error=parked.fault.error,
                sentence=parked.fault.sentence,
            )


def fitting(records: Sequence[ConsumerRecord], most: int) -> int:
    """How many of the records, from the first one on, a transaction takes: at least one, however long it is."""
    size = 0
    for number, record in enumerate(records[:most]):
        size += len(record.value or b"")
        if number and size > BATCH_BYTES:
            return number
    return min(most, len(records))


def as_many_as_fit(applied: int, writes: Writes) -> int:
    """Records whose events would be about BATCH_BYTES long, by those of the last ones. At least one."""
    told = sum(len(row.value) for row in writes.output.outbox)
    return max(1, BATCH_BYTES * applied // max(1, told))


def partitions_of(records: Iterable[ConsumerRecord]) -> set[TopicPartition]:
    return {TopicPartition(record.topic, record.partition) for record in records}


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
