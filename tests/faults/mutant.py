"""A service without one of its protections: `python -m tests.faults.mutant "no offset guard" orders`.

The fault matrix has to find each of them out, or it proves nothing. Production code has no switch for it.
"""

import asyncio
import runpy
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from pymongo import UpdateOne

from shared.runtime.batch import Batch, Writes
from shared.runtime.consume import Consumer
from shared.runtime.decision import NotYet, Ref
from shared.runtime.mongo import Session
from shared.runtime.offsets import Offsets
from shared.runtime.positions import Positions
from shared.runtime.records import Incoming
from shared.runtime.service_runtime import ServiceRuntime
from shared.runtime.transaction import Transaction
from shared.runtime.working_set import Loaded, Output, Partition, WorkingSet

Moves = Mapping[TopicPartition, tuple[int, int]]
Counts = Mapping[Partition, Any]
PUBLISH_AFTER_SECONDS = 1.0
"""Not every batch has events: one that dies takes those of the batches before it with it, too."""


def no_offset_guard() -> None:
    """Whoever finishes a batch writes its offset, whatever is stored by now."""

    async def advance(self: Offsets, session: Session, moves: Moves, counts: Counts) -> None:
        bulk = []
        for tp, (_, following) in moves.items():
            added = {f"counts.{what}": n for what, n in counts.get((tp.topic, tp.partition), {}).items()}
            change = {"$set": {"next": following}} | ({"$inc": added} if added else {})
            bulk.append(UpdateOne({"_id": self._id(tp.topic, tp.partition)}, change))
        await self._offsets.bulk_write(bulk, ordered=False, session=session)

    _patch(Offsets, "advance", advance)


def no_sequence_guard() -> None:
    """Every event is news."""
    _patch(WorkingSet, "stale", lambda _self, _incoming: False)


def auto_commit() -> None:
    """What was fetched counts as done, and Kafka's offsets say where to go on."""
    on_batch, load = Consumer.on_batch, Positions.load

    async def commit_first(self: Consumer, records: Sequence[ConsumerRecord]) -> None:
        consumer = self._subscriber.consumer
        fetched = {TopicPartition(record.topic, record.partition): record.offset + 1 for record in records}
        await consumer.commit({tp: next for tp, next in fetched.items() if tp in consumer.assignment()})
        await on_batch(self, records)

    async def load_committed(self: Positions) -> None:
        assert self.consumer is not None
        for tp in self.consumer.assignment() - self.expected.keys():
            if (committed := await self.consumer.committed(tp)) is not None:
                where = {"_id": self.offsets._id(tp.topic, tp.partition)}
                await self.offsets._offsets.update_one(where, {"$set": {"next": committed}})
        await load(self)

    _patch(Consumer, "on_batch", commit_first)
    _patch(Positions, "load", load_committed)


def offsets_outside_the_transaction() -> None:
    """They are stored at once, whatever becomes of the transaction."""
    advance = Offsets.advance

    async def at_once(self: Offsets, _session: Session, moves: Moves, counts: Counts) -> None:
        await advance(self, None, moves, counts)

    _patch(Offsets, "advance", at_once)


def publish_outside_the_transaction() -> None:
    """Events go to the outbox some time after the transaction is committed."""
    write_output, wrote = Transaction._write_output, ServiceRuntime.wrote
    tasks: set[asyncio.Task[None]] = set()

    async def without_events(self: Transaction, output: Output) -> None:
        await write_output(self, replace(output, outbox=[]))

    def then_the_events(self: ServiceRuntime, writes: Writes) -> None:
        async def publish() -> None:
            await asyncio.sleep(PUBLISH_AFTER_SECONDS)
            group = next(iter(self.groups.values()))
            await write_output(Transaction(self.database, None, group), Output(outbox=writes.output.outbox))
            wrote(self, writes)

        task = asyncio.ensure_future(publish())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    _patch(Transaction, "_write_output", without_events)
    _patch(ServiceRuntime, "wrote", then_the_events)


def holding_without_writing() -> None:
    """A record is held without writing the document it waits for; whoever changes that one looks for held records."""
    hold, load = Batch._hold, Transaction._load

    def hold_only(self: Batch, incoming: Incoming, early: NotYet) -> None:
        entry = self.work.entry(early.waits_for or incoming.ref)
        was = entry.dirty
        hold(self, incoming, early)
        entry.dirty = was

    async def load_and_look(self: Transaction, refs: Iterable[Ref], loaded: Loaded) -> None:
        wanted = list(refs)
        await load(self, wanted, loaded)
        waiting = {"group": self._group.name, "waits_for": {"$in": [str(ref) for ref in wanted]}}
        held = Counter([row["waits_for"] for row in await self._find("held", waiting, {"waits_for": 1})])
        for ref in wanted:
            loaded.documents[ref] = replace(loaded.documents[ref], held=held[str(ref)])

    _patch(Batch, "_hold", hold_only)
    _patch(Transaction, "_load", load_and_look)


def _patch(owner: type, name: str, value: Any) -> None:
    assert hasattr(owner, name), f"{owner.__name__} has no {name} any more: what protects it now?"
    setattr(owner, name, value)


MUTANTS: Mapping[str, tuple[Callable[[], None], str]] = {
    "no offset guard": (no_offset_guard, "F5"),
    "no sequence guard": (no_sequence_guard, "F16"),
    "auto-commit": (auto_commit, "F3b"),
    "offsets outside the transaction": (offsets_outside_the_transaction, "F3b"),
    "publish outside the transaction": (publish_outside_the_transaction, "F3c"),
    "holding without writing the aggregate": (holding_without_writing, "F17"),
}
"""What is taken away, and the fault that finds it out."""


if __name__ == "__main__":
    mutant, service = sys.argv[1:]
    MUTANTS[mutant.replace("_", " ")][0]()
    sys.argv = sys.argv[:1]
    runpy.run_module(f"services.{service}.app", run_name="__main__")
