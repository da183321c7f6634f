"""The runtime's pure core over dictionaries: what unit and contract tests of a service drive its table with.

`Batch` decides here as it does in the services; what `shared.runtime.transaction` loads from MongoDB and writes to it,
this loads and writes in its own way, so the stack tests of `tests/runtime` have to prove the other.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID, uuid5

from shared.contracts.base import Event, Message
from shared.contracts.envelope import Envelope, decode, encode
from shared.runtime.batch import Batch, Writes
from shared.runtime.decision import Actor, Document, Documents, Kind, Ref
from shared.runtime.group import Group
from shared.runtime.handlers import Handlers
from shared.runtime.records import Fault, Incoming, Read, Record, by_arrival, read
from shared.runtime.retrying import original_order, retry_all
from shared.runtime.settings import ServiceSettings
from shared.runtime.stored import NOTHING, Held, Parked, Stored
from shared.runtime.timers import fire_all, fired_timer
from shared.runtime.working_set import Loaded, NeedsMore

S = TypeVar("S")
NAMES = UUID("8a3a4f3e-54a6-5f5c-8d0e-2b9ad1f0c001")
T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def message_envelope(message: Message, *, subject: str = "", **attributes: Any) -> Envelope:
    """A message as another system sends it; the id is made from its content, so the same message is a repeat."""
    subject = subject or str(getattr(message, getattr(message, "subject_field", "") or "none", ""))
    data = message.model_dump_json(by_alias=True).encode()
    fields: dict[str, Any] = {
        "id": str(uuid5(NAMES, f"{message.wire_type()}|{data!r}|{attributes.get('time', T0)}")),
        "source": "/test",
        "type": message.wire_type(),
        "time": T0,
        "subject": subject,
        "data": data,
    }
    return Envelope(**fields | attributes)


def event_envelope(event: Event, subject: str, sequence: int, **attributes: Any) -> Envelope:
    """An event as one of our services publishes it."""
    fields: dict[str, Any] = {
        "source": f"/{event.service}",
        "aggregate": event.aggregate,
        "sequence": sequence,
        "subject": subject,
    }
    return message_envelope(event, **fields | attributes)


class MemoryRuntime:
    batch: type[Batch] = Batch

    def __init__(
        self, service: str, table: Handlers, kinds: Sequence[Kind[Any]], settings: ServiceSettings | None = None
    ) -> None:
        by_name = {kind.name: kind for kind in kinds}
        self.group = Group(service, table, by_name, settings or ServiceSettings())
        self.documents: dict[Ref, Document] = {}
        self.held: dict[str, Held] = {}
        self.seen: set[str] = set()
        self.gates: dict[str, tuple[int, int]] = {}
        self.parked: list[Parked] = []
        self.records: list[Record] = []
        """What the relay would have published, in order."""
        self.rows: dict[str, dict[str, Document]] = {}
        self.tallies: dict[str, dict[str, Document]] = {}
        self.counts: Counter[str] = Counter()
        self.wall = T0
        self._offsets: Counter[str] = Counter()

    def deliver(self, *messages: Message | Envelope, topic: str = "", partition: int = 0) -> None:
        """One batch of records of one topic partition."""
        envelopes = [m if isinstance(m, Envelope) else message_envelope(m) for m in messages]
        self.deliver_records([self.record(envelope, topic, partition) for envelope in envelopes])

    def record(
        self, envelope: Envelope, topic: str = "", partition: int = 0, *, sent_at: datetime | None = None
    ) -> Record:
        """Sent when it happened, unless said otherwise."""
        service = envelope.type.partition(".")[0]
        topic = topic or f"{service}.{'inbox' if envelope.sequence is None else 'events'}"
        key, value, headers = encode(envelope)
        self._offsets[topic] += 1
        timestamp = int((sent_at or envelope.time).timestamp() * 1000)
        return Record(topic, partition, self._offsets[topic], key, value, headers, timestamp)

    def deliver_records(self, records: Iterable[Record]) -> None:
        incoming = [read(record, self.group.table) for record in records]

        def take(batch: Batch) -> None:
            for one in incoming:
                batch.take(one)

        self._run(incoming, take)

    def command(
        self,
        message: Message,
        subject: str,
        actor: str = "seller:local",
        *,
        if_match: int | None = None,
        at: datetime = T0,
        id: str = "",
    ) -> Documents:
        """A command over HTTP; raises its Refusal."""
        attributes: dict[str, Any] = {"subject": subject, "source": "/http", "time": at}
        envelope = message_envelope(message, **attributes | ({"id": id} if id else {}))
        handler = self.group.table.by_type[message.wire_type()]
        role, _, name = actor.partition(":")
        incoming = Incoming(None, envelope, handler, message, Actor(role, name))
        documents: Documents = self._run([incoming], lambda batch: batch.decide(incoming, if_match))
        return documents

    def expire(self, *, at: datetime) -> None:
        """Ends the waits that are over at a wall clock time."""
        self.wall = at
        due = [(held.held_at, held.record.place, held) for held in self.held.values() if held.expires_at <= at]
        for held in by_arrival(due):
            self._run([read(held.record, self.group.table)], partial(Batch.expire, held=held), [held.id])

    def pass_time(self, until: datetime) -> None:
        """The wall clock moves on; every timer that is due meanwhile fires."""
        self.wall = until
        while due := self._due():
            kind, document = due[0]
            fired = fired_timer(self.group, kind, document)
            self._run([fired], partial(fire_all, fired=[fired]))

    def _due(self) -> list[tuple[Kind[Any], Document]]:
        stored = [(ref.kind, document) for ref, document in self.documents.items() if "fire_at" in document["meta"]]
        due = [(kind, document) for kind, document in stored if document["meta"]["fire_at"] <= self.wall]
        return sorted(due, key=lambda one: one[1]["meta"]["fire_at"])

    def retry(self, key: str, ids: Sequence[str] | None = None) -> dict[str, Fault | None]:
        """As an operator does it; why each record stays parked, None where it does not."""
        rows = original_order(one.document(self.group.name) for one in self.parked)
        of_key = [row for row in rows if row["key"] == key]
        gated = [row["_id"] for row in of_key if row["blocking"] or row["queued"]]
        selected = [row for row in of_key if ids is None or row["_id"] in ids]
        records = {row["_id"]: read(Record.of(row["record"]), self.group.table) for row in selected}
        act = partial(retry_all, rows=selected, records=records, gated=gated, unstorable={})
        outcome: dict[str, Fault | None] = self._run(list(records.values()), act)
        answers = {id: fault for id, fault in outcome.items() if fault is not None and fault.answer}
        self.parked = [
            replace(one, fault=answers[one.id], blocking=False, queued=False) if one.id in answers else one
            for one in self.parked
        ]
        self._unpark(key, {id for id, fault in outcome.items() if fault is None})
        return outcome

    def drop(self, key: str, ids: Collection[str] | None = None) -> set[str]:
        dropped = {one.id for one in self.parked if one.record.shown_key == key and (ids is None or one.id in ids)}
        self._unpark(key, dropped)
        return dropped

    def _unpark(self, key: str, ids: Collection[str]) -> None:
        self.parked = [one for one in self.parked if one.id not in ids]
        if key in self.gates:
            left = sum(one.record.shown_key == key and (one.blocking or one.queued) for one in self.parked)
            version, _ = self.gates.pop(key)
            self.gates |= {key: (version + 1, left)} if left else {}

    def state(self, kind: Kind[S], id: str) -> S | None:
        return self._stored(kind.ref(id)).state

    def stored(self, kind: Kind[S], id: str) -> Stored[S]:
        return self._stored(kind.ref(id))

    @property
    def events(self) -> list[Envelope]:
        return [decode(r.key, r.value, r.headers) for r in self.records if r.topic.endswith(".events")]

    @property
    def event_types(self) -> list[str]:
        return [envelope.type.split(".")[1] for envelope in self.events]

    @property
    def rejected(self) -> list[Envelope]:
        return [decode(r.key, r.value, r.headers) for r in self.records if r.topic.endswith(".rejected")]

    def _stored(self, ref: Ref) -> Stored[Any]:
        document = self.documents.get(ref)
        return NOTHING if document is None else Stored.of(ref.kind, {**document})

    def _run(self, incoming: Sequence[Read], act: Callable[[Batch], Any], held: Sequence[str] = ()) -> Any:
        result, writes = self._decide(incoming, act, held)
        self._write(writes)
        return result

    def _decide(
        self, incoming: Sequence[Read], act: Callable[[Batch], Any], held: Sequence[str] = ()
    ) -> tuple[Any, Writes]:
        messages = [one for one in incoming if isinstance(one, Incoming)]
        loaded = Loaded(seen=frozenset(self.seen), gates=self.gates, needing=messages)
        self._load_held([self.held[id] for id in held if id in self.held], loaded)
        while True:
            try:
                return self.batch.run(self.group, loaded, self.wall, act)
            except NeedsMore as needs:
                loaded.documents |= {ref: self._stored(ref) for ref in needs.refs}
                names = {(ref.kind.name, ref.id) for ref in needs.held_on}
                self._load_held([one for one in self.held.values() if one.waits_for in names], loaded)
                loaded.held_on |= needs.held_on

    def _load_held(self, held: Sequence[Held], loaded: Loaded) -> None:
        messages = [read(one.record, self.group.table) for one in held]
        loaded.held |= {one.id: one for one in held}
        loaded.needing += [one for one in messages if isinstance(one, Incoming)]

    def _write(self, writes: Writes) -> None:
        for entry in writes.entries:
            self.documents[entry.ref] = entry.document()
        self.seen |= writes.seen.keys()
        for id in writes.released:
            self.held.pop(id, None)
        self.held |= writes.held
        again = {one.id for one in writes.parked}
        self.parked = [one for one in self.parked if one.id not in again] + writes.parked
        self.gates |= {gate.key: (gate.version + 1, gate.count) for gate in writes.gates}
        self.records += [Record(r.topic, 0, 0, r.key, r.value, r.headers, 0) for r in writes.output.outbox]
        for (collection, id), row in writes.output.rows.items():
            self.rows.setdefault(collection, {}).setdefault(id, row.document)
        for (collection, id), (tally, sums) in writes.output.tallies.items():
            document = self.tallies.setdefault(collection, {}).setdefault(id, {**tally.labels})
            for path, amount in sums.items():
                document[path] = document.get(path, 0) + amount
        for counts in writes.counts.values():
            self.counts += counts
