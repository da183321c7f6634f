"""Documents as they are stored: the state plus what the runtime keeps about it in `meta`. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar

from shared.contracts.envelope import Envelope
from shared.runtime.decision import Context, Document, Kind, Ref
from shared.runtime.records import Fault, Record

S = TypeVar("S")


class Armed(NamedTuple):
    """A timer: the moment it is about, and the wall clock time from which on it may fire."""

    due: datetime
    fire_at: datetime


@dataclass(frozen=True)
class Stored(Generic[S]):
    """A document as loaded. state is None for one that is only waited for.

    version counts writes (0 = not in the database), sequence the events it has told, revision the
    edits by people. held: messages waiting for its next change. heard: last `ce_sequence` heard, by teller.
    timers: what it waits for by itself, by name.
    """

    state: S | None = None
    version: int = 0
    sequence: int = 0
    revision: int = 0
    held: int = 0
    heard: dict[str, int] = field(default_factory=dict)
    timers: dict[str, Armed] = field(default_factory=dict)

    @classmethod
    def of(cls, kind: Kind[S], document: Document) -> "Stored[S]":
        meta = document.pop("meta")
        document.pop("_id")
        return cls(
            state=kind.load(document) if document else None,
            version=meta["version"],
            sequence=meta["sequence"],
            revision=meta["revision"],
            held=meta["held"],
            heard=dict(meta["heard"]),
            timers={name: Armed(due, fire_at) for name, due, fire_at in meta.get("timers", ())},
        )


NOTHING: Stored[Any] = Stored()


@dataclass(slots=True)
class Entry:
    """The working copy of a document during one batch."""

    ref: Ref
    before: Stored[Any]
    state: Any
    sequence: int
    revision: int
    held: int
    heard: dict[str, int]
    timers: dict[str, Armed]
    dirty: bool = False
    touched_by: tuple[Context, Envelope] | None = None

    @classmethod
    def of(cls, ref: Ref, stored: Stored[Any]) -> "Entry":
        return cls(
            ref,
            stored,
            stored.state,
            stored.sequence,
            stored.revision,
            stored.held,
            dict(stored.heard),
            dict(stored.timers),
        )

    def arm(self, due: Mapping[str, datetime], wall: datetime, catch_up: timedelta) -> None:
        """One that is past when it is armed gives late and replayed history the time to bring its own answer."""
        for name in self.timers.keys() - due.keys():
            del self.timers[name]
        for name, at in due.items():
            known = self.timers.get(name)
            if known is None or known.due != at:
                self.timers[name] = Armed(at, at if at > wall else wall + catch_up)

    def document(self) -> Document:
        body = {} if self.state is None else self.ref.kind.dump(self.state)
        meta: Document = {
            "version": self.before.version + 1,
            "sequence": self.sequence,
            "revision": self.revision,
            "held": self.held,
            "heard": [[teller, sequence] for teller, sequence in self.heard.items()],
        }
        if self.timers:
            meta["timers"] = [[name, *armed] for name, armed in self.timers.items()]
            meta["fire_at"] = min(armed.fire_at for armed in self.timers.values())
        return {**body, "_id": self.ref.id, "meta": meta}


@dataclass(frozen=True, slots=True)
class Held:
    """A record that came too early. waits_for: the document (kind name, id) whose change will try it again."""

    id: str
    waits_for: tuple[str, str]
    type: str
    record: Record
    sentence: str
    held_at: datetime
    expires_at: datetime

    def document(self, group: str) -> Document:
        return {
            "_id": self.id,
            "group": group,
            "waits_for": "/".join(self.waits_for),
            "key": self.record.shown_key,
            "type": self.type,
            "record": self.record.document(),
            "sentence": self.sentence,
            "held_at": self.held_at,
            "expires_at": self.expires_at,
        }

    @classmethod
    def of(cls, document: Document) -> "Held":
        kind, _, id = document["waits_for"].partition("/")
        return cls(
            id=document["_id"],
            waits_for=(kind, id),
            type=document.get("type", ""),
            record=Record.of(document["record"]),
            sentence=document["sentence"],
            held_at=document["held_at"],
            expires_at=document["expires_at"],
        )


def under(id: str) -> Document:
    """The filter for ids that begin with this one and a slash: '0' is the character after '/', which no id contains."""
    return {"$gt": f"{id}/", "$lt": f"{id}0"}


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A finished Kafka record waiting for the relay. Rows of one aggregate sort by id in the order of their events."""

    id: str
    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Parked:
    """A record that cannot be applied, kept byte for byte with the reason.

    blocking: a decision raised, so later records of the key queue behind it. queued: one of those. seen: its message is
    remembered; one that could not be read is not.
    """

    id: str
    record: Record
    envelope: Envelope | None
    fault: Fault
    parked_at: datetime
    blocking: bool = False
    queued: bool = False
    seen: bool = False
    attempts: int = 1

    def document(self, group: str) -> Document:
        envelope = self.envelope
        return {
            "_id": self.id,
            "group": group,
            "key": self.record.shown_key,
            "record": self.record.document(),
            "error": self.fault.error,
            "sentence": self.fault.sentence,
            "field": self.fault.field,
            "type": envelope.type if envelope else None,
            "source": envelope.source if envelope else None,
            "message_id": envelope.id if envelope else None,
            "subject": envelope.subject if envelope else None,
            "traceparent": envelope.traceparent if envelope else None,
            "parked_at": self.parked_at,
            "blocking": self.blocking,
            "queued": self.queued,
            "seen": self.seen,
            "attempts": self.attempts,
        }


@dataclass(slots=True)
class Gate:
    """Closed while a key's records queue behind one whose decision raised. Consumer and operator both write it.

    passing: within a batch, whether a retry has it open (True), or it was closed anew (False).
    """

    key: str
    version: int
    count: int
    dirty: bool = False
    passing: bool | None = None

    def shut(self) -> None:
        """Behind one record more."""
        self.count += 1
        self.dirty = True
