"""Parked records for operators: show, retry, drop. Retrying twice is harmless; every change leaves an audit row."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pymongo import UpdateOne

from shared.runtime.batch import Batch, Writes
from shared.runtime.decision import Document
from shared.runtime.mongo import Session
from shared.runtime.problems import NotFound
from shared.runtime.records import Fault, Incoming, Read, ReadPast, Record, Unreadable, read
from shared.runtime.service_runtime import ServiceRuntime
from shared.runtime.transaction import Transaction

AT_ONCE = 500


@dataclass(frozen=True)
class Retried:
    """What a retry did, by record id; in a dry run, what it would do."""

    applied: list[str]
    still_parked: dict[str, str]
    dry_run: bool


class _DryRun(Exception):
    def __init__(self, result: Retried) -> None:
        super().__init__()
        self.result = result


def shown(row: Document, *, whole: bool = False) -> Document:
    """A parked row for people: where it came from, why it is here, and on demand its bytes as text."""
    record = row["record"]
    brief = {name: row[name] for name in ("group", "key", "error", "sentence", "field", "type", "source")}
    brief |= {name: row[name] for name in ("message_id", "subject", "queued", "blocking", "attempts", "parked_at")}
    brief |= {"id": row["_id"], "topic": record["topic"], "partition": record["partition"], "offset": record["offset"]}
    if whole:
        headers = [[name, _text(raw)] for name, raw in record["headers"]]
        value = record["value"]
        brief |= {"traceparent": row["traceparent"], "headers": headers, "bytes": len(value or b"")}
        brief |= {"value": None if value is None else _text(value[:100_000])}
    return brief


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else bytes(raw).decode(errors="backslashreplace")


class Parking:
    def __init__(self, runtime: ServiceRuntime) -> None:
        self._runtime = runtime
        self._parked = runtime.collection("parked")

    async def get(self, id: str) -> Document:
        row: Document | None = await self._parked.find_one({"_id": id})
        if row is None:
            raise NotFound(f"no parked record {id}")
        return row

    async def retry(self, group: str, key: str, actor: str, *, id: str | None = None, dry_run: bool = False) -> Retried:
        """Apply a key's parked records in their original order, or just one; opens the key when none is left behind."""
        self._setting(group)
        try:
            result, writes = await self._runtime.database.transaction(
                lambda session, attempt: self._retry(session, attempt, (group, key, id), actor, dry_run)
            )
        except _DryRun as dry:
            return dry.result
        self._runtime.wrote(writes)
        return result

    async def drop(
        self, group: str, key: str, actor: str, *, id: str | None = None, dry_run: bool = False
    ) -> list[str]:
        """Give records up for good, on an operator's word; their bytes stay in the audit row."""
        self._setting(group)

        async def body(session: Session, attempt: int) -> list[str]:
            rows = await self._rows(session, group, key, id)
            ids = [row["_id"] for row in rows]
            if not dry_run:
                await self._remove(session, attempt, group, key, ids)
                await self._audit(session, "drop", actor, group, key, rows)
            return ids

        return await self._runtime.database.transaction(body)

    def _setting(self, group: str) -> Any:
        try:
            return self._runtime.settings_of[group]
        except KeyError:
            raise NotFound(f"no consumer group {group} here") from None

    async def _retry(
        self, session: Session, attempt: int, which: tuple[str, str, str | None], actor: str, dry_run: bool
    ) -> tuple[Retried, Writes]:
        group, key, id = which
        rows = await self._rows(session, group, key, id)
        records = {row["_id"]: read(Record.of(row["record"]), self._setting(group).table) for row in rows}
        transaction = Transaction(self._runtime.database, session, self._setting(group), attempt)
        outcome, writes = await transaction.run(
            [one for one in records.values() if isinstance(one, Incoming)],
            lambda batch: _retry_all(batch, rows, records),
        )
        applied = [id for id, fault in outcome.items() if fault is None]
        failed = {id: fault.sentence for id, fault in outcome.items() if fault is not None}
        result = Retried(applied, failed, dry_run)
        if dry_run:
            raise _DryRun(result)
        await self._remove(session, attempt, group, key, applied)
        await self._keep(session, outcome)
        await self._audit(session, "retry", actor, group, key, [row for row in rows if row["_id"] in applied])
        return result, writes

    async def _rows(self, session: Session, group: str, key: str, id: str | None) -> list[Document]:
        query = {"group": group, "key": key} | ({"_id": id} if id else {})
        order = [("parked_at", 1), ("record.topic", 1), ("record.partition", 1), ("record.offset", 1)]
        rows: list[Document] = await self._parked.find(query, session=session).sort(order).limit(AT_ONCE).to_list(None)
        return rows

    async def _remove(self, session: Session, attempt: int, group: str, key: str, ids: Sequence[str]) -> None:
        """Delete rows and let the key's gate count what is left; consumer and operator both write the gate."""
        await self._parked.delete_many({"_id": {"$in": list(ids)}}, session=session)
        gate = await self._runtime.collection("gates").find_one({"_id": f"{group}|{key}"}, session=session)
        if gate is None:
            return
        behind = {"group": group, "key": key, "$or": [{"blocking": True}, {"queued": True}]}
        left = await self._parked.count_documents(behind, session=session)
        transaction = Transaction(self._runtime.database, session, self._setting(group), attempt)
        await transaction.write_gate(key, gate["version"], left)

    async def _keep(self, session: Session, outcome: dict[str, Fault | None]) -> None:
        updates = [
            UpdateOne(
                {"_id": id},
                {"$inc": {"attempts": 1}, "$set": {"error": fault.error, "sentence": fault.sentence}},
            )
            for id, fault in outcome.items()
            if fault is not None and fault.error != "QUEUED"
        ]
        if updates:
            await self._parked.bulk_write(updates, session=session)

    async def _audit(
        self, session: Session, what: str, actor: str, group: str, key: str, rows: Sequence[Document]
    ) -> None:
        document = {"_id": uuid4().hex, "at": datetime.now(UTC), "what": what, "actor": actor, "group": group}
        document |= {"key": key, "records": [row if what == "drop" else row["_id"] for row in rows]}
        await self._runtime.collection("audit").insert_one(document, session=session)


def _retry_all(batch: Batch, rows: Sequence[Document], records: dict[str, Read]) -> dict[str, Fault | None]:
    """In original order; behind one that blocks and fails again the queued ones stay."""
    outcome: dict[str, Fault | None] = {}
    blocked = False
    for row in rows:
        record = records[row["_id"]]
        fault: Fault | None = None
        if isinstance(record, Unreadable):
            fault = record.fault
        elif blocked and row["queued"]:
            fault = Fault("QUEUED", "waits behind a parked record of its key")
        elif not isinstance(record, ReadPast):
            fault = batch.retry(record, seen=row["seen"])
        blocked = blocked or (fault is not None and (row["blocking"] or row["queued"]))
        outcome[row["_id"]] = fault
    return outcome


def as_json(retried: Retried) -> Document:
    return asdict(retried)
