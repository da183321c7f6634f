"""All that a run left behind, as plain values: what the checker judges, from a real stack or from memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple

from shared.contracts.base import Message
from shared.contracts.envelope import Envelope, Malformed, decode
from shared.runtime.decision import Document, Kind
from shared.runtime.handlers import Handlers
from shared.runtime.records import Record
from shared.runtime.stored import Stored

Place = tuple[str, int]
"""A topic and one of its partitions."""
Source = tuple[str, str, int]
"""A partition as a group reads it: group, topic, partition."""


class Key(NamedTuple):
    """Names an aggregate on the wire."""

    service: str
    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.service} {self.kind}/{self.id}"


@dataclass(frozen=True)
class Layout:
    """What a store is made of. models: by wire type, for every event that is told."""

    tables: Mapping[str, Sequence[Handlers]]
    kinds: Mapping[str, Sequence[Kind[Any]]]
    models: Mapping[str, type[Message]]

    def groups(self) -> Iterator[tuple[str, Handlers]]:
        return ((service, table) for service, tables in self.tables.items() for table in tables)


@dataclass(frozen=True)
class Acknowledged:
    """Something the load was told is done: an event about `subject` must tell of it.

    Found by the message's id, or by its trace where the sender does not know the id (a command over HTTP).
    """

    service: str
    subject: str
    message_id: str = ""
    trace: str = ""


@dataclass(frozen=True)
class Reading:
    """What one reader saw of one thing, as numbers none of which may ever go back: an ETag's."""

    reader: str
    what: str
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Told:
    """An event where it lies."""

    record: Record
    envelope: Envelope

    @property
    def sequence(self) -> int:
        assert self.envelope.sequence is not None
        return self.envelope.sequence

    def __str__(self) -> str:
        return f"{self.record.id} {self.envelope.type} {self.envelope.subject}#{self.envelope.sequence}"


@dataclass(frozen=True)
class Snapshot:
    """Topics, groups and rows are named without the store's prefix. Records are in order within their partition."""

    layout: Layout
    topics: Mapping[str, Sequence[Record]]
    ends: Mapping[Place, int]
    stores: Mapping[str, Mapping[str, Sequence[Document]]]
    """Service to collection to documents."""
    acknowledged: Sequence[Acknowledged] = ()
    readings: Sequence[Reading] = ()
    """Of each reader in the order in which it read."""
    positions: Sequence[Mapping[Source, int]] = ()
    """The stored offsets as they were looked at meanwhile, in order."""
    committed: Mapping[Source, int] = field(default_factory=dict)
    """What Kafka knows of them."""
    planted: frozenset[str] = frozenset()
    """Ids of messages, or of records where those cannot be read, that the run sent knowing they cannot be applied."""
    open_transactions: int = 0
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def rows(self, service: str, collection: str) -> Sequence[Document]:
        return self.stores.get(service, {}).get(collection, ())

    def topic_of(self, service: str) -> str:
        return f"{service}.events"

    @cached_property
    def told(self) -> Mapping[Key, Sequence[Told]]:
        """Every event of every aggregate in the order of its topic, repeats included."""
        found: dict[Key, list[Told]] = {}
        for event in self.events:
            service = event.envelope.source.removeprefix("/")
            key = Key(service, event.envelope.aggregate or "", event.envelope.subject)
            found.setdefault(key, []).append(event)
        return found

    @cached_property
    def events(self) -> Sequence[Told]:
        topics = [topic for service in self.layout.kinds if (topic := self.topic_of(service)) in self.topics]
        return [Told(record, envelope) for topic in topics for record, envelope in self.messages(topic) if envelope]

    def messages(self, topic: str) -> Iterator[tuple[Record, Envelope | None]]:
        """Each record, and its message where it can be read."""
        for record in self.topics.get(topic, ()):
            try:
                yield record, decode(record.key, record.value, record.headers)
            except Malformed:
                yield record, None

    @cached_property
    def stored(self) -> Mapping[Key, Stored[Any]]:
        """Every document of every kind."""
        return {
            Key(service, kind.name, document["_id"]): Stored.of(kind, dict(document))
            for service, kinds in self.layout.kinds.items()
            for kind in kinds
            for document in self.rows(service, kind.collection)
        }

    def kind(self, key: Key) -> Kind[Any] | None:
        return next((kind for kind in self.layout.kinds.get(key.service, ()) if kind.name == key.kind), None)
