"""One transaction: load what a batch touches, run the pure core, write everything it answered.

The collections of the runtime beside the service's own: outbox, seen, held, parked, gates, offsets.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from pymongo import InsertOne, ReplaceOne, UpdateOne

from shared.runtime.batch import Batch, Writes
from shared.runtime.decision import Document, Ref
from shared.runtime.group import Group
from shared.runtime.mongo import Conflict, Database, Session
from shared.runtime.personal import ERASED, told_before
from shared.runtime.records import Incoming, Read, read
from shared.runtime.stored import NOTHING, Entry, Held, Parked, Stored
from shared.runtime.working_set import Loaded, NeedsMore, Output

T = TypeVar("T")


class Transaction:
    """The database side of one run. attempt > 0: it conflicted before, so inserts that may repeat are guarded."""

    def __init__(self, database: Database, session: Session, group: Group, attempt: int = 0) -> None:
        self._database = database
        self._session = session
        self._group = group
        self._careful = attempt > 0

    async def run(
        self, incoming: Sequence[Read], act: Callable[[Batch], T], held: Sequence[str] = ()
    ) -> tuple[T, Writes]:
        """Load, decide with `act`, load what turned out to be missing and decide anew; then write.

        held: ids of held records to load, if they are still there.
        """
        messages = [one for one in incoming if isinstance(one, Incoming)]
        loaded = Loaded(seen=await self._seen(messages), gates=await self._gates(messages), needing=messages)
        if held:
            await self._load_held({"_id": {"$in": list(held)}}, loaded)
        while True:
            try:
                result, writes = Batch.run(self._group, loaded, datetime.now(UTC), act)
                break
            except NeedsMore as needs:
                await self._load(needs.refs, loaded)
                if needs.held_on:
                    await self._load_held({"waits_for": {"$in": list(map(str, needs.held_on))}}, loaded)
                    loaded.held_on |= needs.held_on
        await self._write(writes)
        return result, writes

    async def _load(self, refs: Iterable[Ref], loaded: Loaded) -> None:
        by_kind: dict[Any, list[str]] = defaultdict(list)
        for ref in refs:
            by_kind[ref.kind].append(ref.id)
            loaded.documents[ref] = NOTHING
        for kind, ids in by_kind.items():
            for document in await self._find(kind.collection, {"_id": {"$in": ids}}):
                ref = kind.ref(document["_id"])
                loaded.documents[ref] = Stored.of(kind, document)

    async def _load_held(self, query: Document, loaded: Loaded) -> None:
        """Add held records, which need documents too."""
        held = [Held.of(document) for document in await self._find("held", {"group": self._group.name, **query})]
        messages = [read(one.record, self._group.table) for one in held]
        waiting = [one for one in messages if isinstance(one, Incoming)]
        loaded.held |= {one.id: one for one in held}
        loaded.gates |= await self._gates(waiting)
        loaded.needing += waiting

    async def _seen(self, messages: Sequence[Incoming]) -> frozenset[str]:
        keys = [key for message in messages if message.record and (key := message.seen_key) is not None]
        found = await self._find("seen", {"_id": {"$in": keys}}, {"_id": 1}) if keys else []
        return frozenset(document["_id"] for document in found)

    async def _gates(self, messages: Sequence[Incoming]) -> dict[str, tuple[int, int]]:
        keys = {self._gate_id(message.record.shown_key) for message in messages if message.record}
        found = await self._find("gates", {"_id": {"$in": list(keys)}}) if keys else []
        return {document["key"]: (document["version"], document["count"]) for document in found}

    async def _find(self, collection: str, query: Document, fields: Document | None = None) -> list[Document]:
        cursor = self._database.collection(collection).find(query, fields, session=self._session, batch_size=10_000)
        documents: list[Document] = await cursor.to_list(None)
        return documents

    # -- writing --------------------------------------------------------------------------------------------

    async def _write(self, writes: Writes) -> None:
        await self._write_documents(writes.entries)
        await self._write_output(writes.output)
        now = datetime.now(UTC)
        seen = [{"_id": key, "subject": subject, "at": now} for key, subject in writes.seen.items()]
        await self._bulk("seen", [InsertOne(document) for document in seen])
        await self._write_held(writes)
        parked = await self._discreet(writes.parked)
        await self._bulk("parked", [ReplaceOne({"_id": row["_id"]}, row, upsert=True) for row in parked])
        for gate in writes.gates:
            await self.write_gate(gate.key, gate.version, gate.count)

    async def _write_documents(self, entries: Sequence[Entry]) -> None:
        """New ones are inserted, known ones replaced: by their id alone, which needs no query plan. They were read in
        this transaction's snapshot, so MongoDB refuses to write one that was changed since."""
        operations: dict[str, list[Any]] = defaultdict(list)
        for entry in entries:
            document = entry.document()
            operations[entry.ref.kind.collection].append(
                ReplaceOne({"_id": entry.ref.id}, document) if entry.before.version else InsertOne(document)
            )
        for collection, bulk in operations.items():
            if await self._bulk(collection, bulk) != len(bulk):
                raise Conflict(f"{collection}: a document was changed meanwhile")

    async def _write_output(self, output: Output) -> None:
        rows: dict[str, list[Any]] = defaultdict(list)
        for (collection, id), row in output.rows.items():
            document = {**row.document, "_id": id}
            rows[collection].append(
                UpdateOne({"_id": id}, {"$setOnInsert": document}, upsert=True)
                if self._careful
                else InsertOne(document)
            )
        for (collection, id), (tally, sums) in output.tallies.items():
            change: Document = {"$inc": {path: amount for path, amount in sums.items() if amount}}
            update = {key: value for key, value in (change | {"$setOnInsert": dict(tally.labels)}).items() if value}
            rows[collection].append(UpdateOne({"_id": id}, update, upsert=True))
        now = datetime.now(UTC)
        for event in output.outbox:
            rows["outbox"].append(
                InsertOne(
                    {
                        "_id": event.id,
                        "topic": event.topic,
                        "key": event.key,
                        "value": event.value,
                        "headers": [[name, raw] for name, raw in event.headers],
                        "at": now,
                    }
                )
            )
        for collection, bulk in rows.items():
            await self._bulk(collection, bulk)

    async def _discreet(self, parked: Sequence[Parked]) -> Sequence[Document]:
        """What comes late of a person who was erased is parked without what is personal."""
        rows = [one.document(self._group.name) for one in parked]
        personal = self._group.table.personal
        people = [personal.people_of(one.record.value) for one in parked] if personal else []
        if not personal or not any(people):
            return rows
        found = await self._find(ERASED.collection, {"_id": {"$in": list(frozenset().union(*people))}})
        erased = {document["_id"]: document["at"] for document in found}
        return [
            personal.redacted_row(row)
            if any(told_before(one.envelope.time if one.envelope else None, erased.get(person)) for person in named)
            else row
            for one, row, named in zip(parked, rows, people, strict=True)
        ]

    async def _write_held(self, writes: Writes) -> None:
        group = self._group.name
        operations: list[Any] = [
            ReplaceOne({"_id": one.id}, one.document(group), upsert=True) for one in writes.held.values()
        ]
        await self._bulk("held", operations)
        if writes.released:
            held = self._database.collection("held")
            await held.delete_many({"_id": {"$in": list(writes.released)}}, session=self._session)

    async def write_gate(self, key: str, version: int, count: int) -> None:
        """Compare-and-set of the key's gate; a count of 0 opens it for good."""
        gates = self._database.collection("gates")
        id = self._gate_id(key)
        if version == 0:
            document = {"_id": id, "group": self._group.name, "key": key, "version": 1, "count": count}
            await gates.insert_one(document, session=self._session)
            return
        matching = {"_id": id, "version": version}
        if count == 0:
            changed = (await gates.delete_one(matching, session=self._session)).deleted_count
        else:
            update = {"$set": {"version": version + 1, "count": count}}
            changed = (await gates.update_one(matching, update, session=self._session)).matched_count
        if changed != 1:
            raise Conflict(f"the gate of {key} was changed meanwhile")

    async def _bulk(self, collection: str, operations: list[Any]) -> int:
        """Documents inserted or matched."""
        if not operations:
            return 0
        target = self._database.collection(collection)
        result = await target.bulk_write(operations, ordered=False, session=self._session)
        return int(result.inserted_count + result.matched_count + result.upserted_count)

    def _gate_id(self, key: str) -> str:
        return f"{self._group.name}|{key}"
