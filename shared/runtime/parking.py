"""Parked records for operators: show, retry, drop. Retrying twice is harmless; every change leaves an audit row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

from pymongo import UpdateOne

from shared.runtime.batch import Writes
from shared.runtime.decision import Document
from shared.runtime.errors import NotFound, of_the_records
from shared.runtime.group import Group
from shared.runtime.mongo import Session
from shared.runtime.offsets import Offsets
from shared.runtime.parking_lot import as_fault
from shared.runtime.records import Fault, Incoming, Record, read
from shared.runtime.retrying import original_order, retry_all
from shared.runtime.service_runtime import ServiceRuntime
from shared.runtime.transaction import Transaction

AT_ONCE = 500
GATED = {"$or": [{"blocking": True}, {"queued": True}]}
"""Rows whose order is kept: a record whose decision raised, and those of its key that came after it."""


@dataclass(frozen=True)
class Retried:
    """What a retry did, by record id; in a dry run, what it would do. left: so many more than one retry takes."""

    applied: list[str]
    held: list[str]
    still_parked: dict[str, str]
    left: int
    dry_run: bool


@dataclass(frozen=True)
class Wanted:
    """Records of one key of a group: all, or those with these ids."""

    group: str
    key: str
    ids: Sequence[str] | None = None

    @property
    def query(self) -> Document:
        return self.of_key | ({} if self.ids is None else {"_id": {"$in": list(self.ids)}})

    @property
    def of_key(self) -> Document:
        return {"group": self.group, "key": self.key}


class Parking:
    def __init__(self, runtime: ServiceRuntime) -> None:
        self._runtime = runtime
        self._parked = runtime.collection("parked")

    async def get(self, id: str) -> Document:
        row: Document | None = await self._parked.find_one({"_id": id})
        if row is None:
            raise NotFound(f"no parked record {id}")
        return row

    async def retry(
        self, group: str, key: str, actor: str, *, ids: Sequence[str] | None = None, dry_run: bool = False
    ) -> Retried:
        """Apply a key's parked records in their original order; opens the key when none is left behind.

        With `ids` only those; a queued one stays parked as long as one before it does. One whose outcome MongoDB
        cannot store stays parked, too. Raises Paused while the group is, such as for a rebuild.
        """
        wanted = Wanted(group, key, ids)
        self._group(group)
        unstorable: dict[str, Fault] = {}
        while True:
            try:
                return await self._attempt(wanted, unstorable, actor, dry_run)
            except Exception as error:
                if not of_the_records(error):
                    raise
                unstorable |= await self._culprit(wanted, unstorable, error)

    async def drop(
        self, group: str, key: str, actor: str, *, ids: Sequence[str] | None = None, dry_run: bool = False
    ) -> list[str]:
        """Give records up for good, on an operator's word; their bytes stay in the audit row."""
        wanted = Wanted(group, key, ids)
        self._group(group)

        async def body(session: Session, attempt: int) -> list[str]:
            rows = await self._rows(session, wanted)
            dropped = [row["_id"] for row in rows]
            await self._remove(session, attempt, wanted, dropped)
            await self._audit(session, "drop", actor, rows)
            return dropped

        return await self._runtime.database.transaction(body, dry_run=dry_run)

    def _group(self, name: str) -> Group:
        try:
            return self._runtime.groups[name]
        except KeyError:
            raise NotFound(f"no consumer group {name} here") from None

    async def _attempt(self, wanted: Wanted, unstorable: Mapping[str, Fault], actor: str, dry_run: bool) -> Retried:
        result, writes = await self._runtime.database.transaction(
            lambda session, attempt: self._retry(session, attempt, wanted, unstorable, actor, dry_run), dry_run=dry_run
        )
        if not dry_run:
            self._runtime.wrote(writes)
        return result

    async def _culprit(self, wanted: Wanted, unstorable: Mapping[str, Fault], error: Exception) -> Mapping[str, Fault]:
        """The record whose outcome MongoDB cannot store: the last of the shortest beginning that fails."""
        ids = [row["_id"] for row in await self._rows(None, wanted)]
        if not set(ids) - unstorable.keys():
            raise error
        stored, spoilt = 0, len(ids)
        while spoilt - stored > 1:
            middle = (stored + spoilt) // 2
            try:
                await self._attempt(replace(wanted, ids=ids[:middle]), unstorable, "", dry_run=True)
                stored = middle
            except Exception as failure:
                if not of_the_records(failure):
                    raise
                error, spoilt = failure, middle
        return {ids[stored]: as_fault(error)}

    async def _retry(
        self,
        session: Session,
        attempt: int,
        wanted: Wanted,
        unstorable: Mapping[str, Fault],
        actor: str,
        dry_run: bool,
    ) -> tuple[Retried, Writes]:
        group = self._group(wanted.group)
        await Offsets(self._runtime.database, wanted.group).unless_paused(session)
        rows, gated = await self._rows(session, wanted), await self._gated(session, wanted)
        records = {row["_id"]: read(Record.of(row["record"]), group.table) for row in rows}
        outcome, writes = await Transaction(self._runtime.database, session, group, attempt).run(
            [one for id, one in records.items() if isinstance(one, Incoming) and id not in unstorable],
            lambda batch: retry_all(batch, rows, records, gated=gated, unstorable=unstorable),
        )
        done = [id for id, fault in outcome.items() if fault is None]
        result = Retried(
            applied=[id for id in done if id not in writes.held],
            held=[id for id in done if id in writes.held],
            still_parked={id: fault.sentence for id, fault in outcome.items() if fault is not None},
            left=await self._parked.count_documents(wanted.query, session=session) - len(rows),
            dry_run=dry_run,
        )
        await self._keep(session, outcome)
        await self._remove(session, attempt, wanted, done)
        await self._audit(session, "retry", actor, [row for row in rows if row["_id"] in done])
        return result, writes

    async def _rows(self, session: Session | None, wanted: Wanted) -> list[Document]:
        """The oldest, no more than one transaction should take, in their original order."""
        oldest = self._parked.find(wanted.query, session=session).sort([("parked_at", 1), ("_id", 1)]).limit(AT_ONCE)
        return original_order(await oldest.to_list(None))

    async def _gated(self, session: Session, wanted: Wanted) -> list[str]:
        brief = dict.fromkeys(("parked_at", "record.topic", "record.partition", "record.offset"), 1)
        rows = await self._parked.find(wanted.of_key | GATED, brief, session=session).to_list(None)
        return [row["_id"] for row in original_order(rows)]

    async def _remove(self, session: Session, attempt: int, wanted: Wanted, ids: Sequence[str]) -> None:
        """Delete rows and let the key's gate count what is left; consumer and operator both write the gate."""
        await self._parked.delete_many({"_id": {"$in": list(ids)}}, session=session)
        gate_id = f"{wanted.group}|{wanted.key}"
        gate = await self._runtime.collection("gates").find_one({"_id": gate_id}, session=session)
        if gate is None:
            return
        left = await self._parked.count_documents(wanted.of_key | GATED, session=session)
        transaction = Transaction(self._runtime.database, session, self._group(wanted.group), attempt)
        await transaction.write_gate(wanted.key, gate["version"], left)

    async def _keep(self, session: Session, outcome: Mapping[str, Fault | None]) -> None:
        failed = {id: fault for id, fault in outcome.items() if fault is not None and fault.error != "QUEUED"}
        updates = [
            UpdateOne({"_id": id}, {"$inc": {"attempts": 1}, "$set": {"error": why.error, "sentence": why.sentence}})
            for id, why in failed.items()
        ]
        answered = [id for id, fault in failed.items() if fault.answer]
        updates += [UpdateOne({"_id": id}, {"$set": {"blocking": False, "queued": False}}) for id in answered]
        if updates:
            await self._parked.bulk_write(updates, session=session)

    async def _audit(self, session: Session, what: str, actor: str, rows: Sequence[Document]) -> None:
        """One row per record: a document could not hold the bytes of many."""
        if not rows:
            return
        now = datetime.now(UTC)
        kept = ("group", "key", "subject", "error")
        audited = [
            {"_id": uuid4().hex, "at": now, "what": what, "actor": actor, "record": row["_id"]}
            | {name: row[name] for name in kept}
            | ({"row": row} if what == "drop" else {})
            for row in rows
        ]
        await self._runtime.collection("audit").insert_many(audited, session=session)
