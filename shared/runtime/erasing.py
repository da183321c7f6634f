"""Erasing a person from one service, in one transaction: its documents, and what the runtime keeps beside them.

The transaction first writes every offset of the service. A batch in flight writes them, too, so one of the two runs
again after the other: either the erasure sees what the batch stored, or the batch sees that the person was erased.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pydantic import BaseModel, ConfigDict
from pymongo import InsertOne, ReplaceOne, UpdateOne

from shared.runtime.batch import Batch, Writes
from shared.runtime.decision import Document
from shared.runtime.mongo import Session
from shared.runtime.personal import Personal
from shared.runtime.records import Incoming, Record
from shared.runtime.revision import ANY_REVISION
from shared.runtime.service_runtime import ServiceRuntime
from shared.runtime.transaction import Transaction

SECONDS = 30.0
PAUSE_SECONDS = 0.5
"""Behind each erasure before the next: batches that have to run again because of it get through meanwhile."""
AT_ONCE = 200


class Erasing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    dry_run: bool = False


class Removed(BaseModel):
    """How much of what was removed; in a dry run, would be."""

    removed: dict[str, int]
    dry_run: bool


@dataclass(frozen=True)
class Traces:
    """What a service knows of a person. subjects: the ids of all documents about them; commands erase those of them
    from which something has to go."""

    subjects: Sequence[str]
    commands: Sequence[Incoming] = ()


class Erasure:
    """erase: the `ErasePerson` command. Everything is counted by what it was."""

    def __init__(self, runtime: ServiceRuntime, erase: Incoming, *, dry_run: bool) -> None:
        group = runtime.group_of(erase.message)
        if group.table.personal is None:
            raise TypeError(f"{group.name} does not say what is personal")
        self._personal: Personal = group.table.personal
        self._group = group
        self._runtime = runtime
        self._erase = erase
        self._dry_run = dry_run

    async def run(
        self,
        find: Callable[[Session], Awaitable[Traces]],
        beside: Callable[[Session, Traces], Awaitable[Counter[str]]],
        what: str,
    ) -> Counter[str]:
        """find: refuses by raising. beside: erases what the service keeps beside its documents, which are `what`."""

        async def body(session: Session, attempt: int) -> tuple[Counter[str], Writes]:
            if not self._dry_run:
                await self._fence(session)
            traces = await find(session)
            transaction = Transaction(self._runtime.database, session, self._group, attempt)
            changed, writes = await transaction.run(
                [self._erase, *traces.commands], lambda batch: self._decide(batch, traces.commands)
            )
            removed = Counter({what: changed})
            removed.update(await beside(session, traces))
            removed.update(await self._sweep(session, traces))
            return removed, writes

        database = self._runtime.database
        if self._dry_run:
            removed, _ = await database.transaction(body, SECONDS, dry_run=True)
            return removed
        async with self._runtime.erasing:
            try:
                removed, writes = await database.transaction(body, SECONDS)
                self._runtime.wrote(writes)
                return removed
            finally:
                await asyncio.sleep(PAUSE_SECONDS)

    async def _fence(self, session: Session) -> None:
        groups = list(self._runtime.groups)
        offsets = self._runtime.collection("offsets")
        await offsets.update_many({"group": {"$in": groups}}, {"$inc": {"erasures": 1}}, session=session)

    def _decide(self, batch: Batch, commands: Sequence[Incoming]) -> int:
        batch.decide(self._erase)
        for command in commands:
            batch.decide(command, ANY_REVISION)
        return len(commands)

    # -- what the runtime keeps beside documents --------------------------------------------------------------

    async def _sweep(self, session: Session, traces: Traces) -> Counter[str]:
        subjects = frozenset(traces.subjects)
        return Counter(
            {
                "held records": await self._records(session, "held", subjects),
                "parked records": await self._records(session, "parked", subjects),
                "dropped records": await self._dropped(session, subjects),
                "kept answers": await self._answers(session, traces.subjects),
            }
        )

    async def _records(self, session: Session, collection: str, subjects: frozenset[str]) -> int:
        """Their rows stay where they are in their queues; only what is personal goes, and the audit says so."""
        rows = self._runtime.collection(collection)
        changed = [
            (row, clean)
            async for row in rows.find({}, session=session, batch_size=AT_ONCE)
            if (clean := self._clean(row, subjects)) is not None
        ]
        if changed:
            replaced = [ReplaceOne({"_id": row["_id"]}, clean) for row, clean in changed]
            await rows.bulk_write(replaced, session=session)
            audited = [InsertOne(self._audited(row)) for row, _ in changed]
            await self._runtime.collection("audit").bulk_write(audited, session=session)
        return len(changed)

    async def _dropped(self, session: Session, subjects: frozenset[str]) -> int:
        """The audit keeps the bytes of what operators gave up."""
        audit = self._runtime.collection("audit")
        changes = [
            UpdateOne({"_id": entry["_id"]}, {"$set": {"row": clean}})
            async for entry in audit.find({"what": "drop"}, session=session, batch_size=AT_ONCE)
            if (clean := self._clean(entry["row"], subjects)) is not None
        ]
        if changes:
            await audit.bulk_write(changes, session=session)
        return len(changes)

    def _clean(self, row: Document, subjects: frozenset[str]) -> Document | None:
        """The row without what is personal, if it has such a thing and it is this person's."""
        record = Record.of(row["record"])
        named = self._personal.people_of(record.value)
        if record.shown_key not in subjects and self._erase.envelope.subject not in named:
            return None
        clean = self._personal.redacted_row(row)
        return None if clean == row else clean

    def _audited(self, row: Document) -> Document:
        return {
            "_id": uuid4().hex,
            "at": datetime.now(UTC),
            "what": "erase",
            "actor": str(self._erase.actor),
            "record": row["_id"],
            **{name: row.get(name) for name in ("group", "key", "subject", "error")},
        }

    async def _answers(self, session: Session, subjects: Sequence[str]) -> int:
        """They stay as answers: the same Idempotency-Key must not do the same again."""
        idempotency = self._runtime.collection("idempotency")
        changes: list[Any] = []
        for start in range(0, len(subjects), AT_ONCE):
            some = {"subject": {"$in": list(subjects[start : start + AT_ONCE])}}
            async for row in idempotency.find(some, session=session):
                body = self._personal.strip_answer(row["body"])
                if body != row["body"]:
                    changes.append(UpdateOne({"_id": row["_id"]}, {"$set": {"body": body}}))
        if changes:
            await idempotency.bulk_write(changes, session=session)
        return len(changes)
