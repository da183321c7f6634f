"""From a Kafka record to a message some handler answers, or to the reason why none can. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from shared.contracts.base import InboxMessage, Message
from shared.contracts.envelope import Envelope, Headers, Malformed, decode
from shared.runtime.decision import Actor, Document, Ref
from shared.runtime.handlers import Handler, Handlers

T = TypeVar("T")
SHOWN_KEY_BYTES = 200
AHEAD = timedelta(days=1)
"""How much later than it was sent a message may say that it happened: other systems' clocks and zones are not ours."""
UNREADABLE = frozenset({"MALFORMED", "UNKNOWN_VERSION", "UNKNOWN_TYPE"})
"""Errors that only `read` gives; INVALID is also said by handlers."""


Place = tuple[str, int, int]
"""Topic, partition and offset."""


class Record(NamedTuple):
    """A Kafka record byte for byte, as parked and held rows keep it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int

    def document(self) -> Document:
        return {
            "topic": self.topic,
            "partition": self.partition,
            "offset": self.offset,
            "key": self.key,
            "value": self.value,
            "headers": [[name, raw] for name, raw in self.headers],
            "timestamp": self.timestamp,
        }

    @classmethod
    def of(cls, document: Document) -> "Record":
        fields: dict[str, Any] = {name: document[name] for name in cls._fields}
        return cls(**fields | {"headers": [(name, raw) for name, raw in fields["headers"]]})

    @property
    def id(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def place(self) -> Place:
        return self.topic, self.partition, self.offset

    @property
    def shown_key(self) -> str:
        """The key for people and for grouping parked records, cut where it is too long to be anybody's.

        Bytes that are no UTF-8 are escaped.
        """
        return "" if self.key is None else self.key[:SHOWN_KEY_BYTES].decode(errors="backslashreplace")


def by_arrival(came: Iterable[tuple[datetime, Place, T]]) -> list[T]:
    """What came of one partition by offset, whatever the clocks of the processes said; of several by when it came."""
    ordered: list[tuple[datetime, Place, T]] = []
    latest: dict[tuple[str, int], datetime] = {}
    for at, place, one in sorted(came, key=itemgetter(1)):
        latest[place[:2]] = max(at, latest.get(place[:2], at))
        ordered.append((latest[place[:2]], place, one))
    return [one for _, _, one in sorted(ordered, key=itemgetter(0, 1))]


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a record was not applied. answer: a decision said so, and it would say the same again."""

    error: str
    sentence: str
    field: str | None = None
    answer: bool = False


@dataclass(slots=True)
class Incoming:
    """A message on its way to its handler. record is None for an HTTP command.

    held_at: since when it is held, for one that is. expired: its wait is over. remembered: its message id was
    written to `seen` when it came.
    """

    record: Record | None
    envelope: Envelope
    handler: Handler
    message: Message
    actor: Actor
    held_at: datetime | None = None
    expired: bool = False
    remembered: bool = False
    ref: Ref = field(init=False)
    """The document the message is about."""

    def __post_init__(self) -> None:
        self.ref = self.handler.kind.ref(self.envelope.subject)

    @property
    def seen_key(self) -> str | None:
        """Identifies a message without a sequence; events of ours are guarded by their sequence instead."""
        return None if self.envelope.sequence is not None else f"{self.envelope.source}|{self.envelope.id}"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that cannot go to a handler, and why. envelope is None where not even the headers could be read."""

    record: Record
    envelope: Envelope | None
    fault: Fault


@dataclass(frozen=True, slots=True)
class ReadPast:
    """A record of a type this group has no use for."""

    record: Record


Read = Incoming | Unreadable | ReadPast


def read(record: Record, table: Handlers) -> Read:
    """Decode, find the handler, parse. Never raises."""
    try:
        envelope = decode(record.key, record.value, record.headers)
    except Malformed as malformed:
        return Unreadable(record, None, Fault("MALFORMED", malformed.sentence, malformed.field))
    handler = table.by_type.get(envelope.type)
    if handler is None:
        return _unanswered(record, envelope, table)
    try:
        message = handler.adapter.validate_json(envelope.data)
    except ValidationError as error:
        return Unreadable(record, envelope, invalid(error))
    except (ValueError, RecursionError):
        return Unreadable(record, envelope, Fault("INVALID", "the value is not JSON"))
    if fault := _wrong_subject(message, envelope) or _still_to_come(record, message, envelope):
        return Unreadable(record, envelope, fault)
    if isinstance(message, InboxMessage) and (envelope.sequence is not None or envelope.aggregate is not None):
        # Another system may number its messages by whatever it likes; only the numbers of our events mean an order.
        envelope = replace(envelope, sequence=None, aggregate=None)
    return Incoming(record, envelope, handler, message, Actor("system", envelope.source))


def invalid(error: ValidationError) -> Fault:
    """The first wrong field and, in the sentence, all of them; never their values."""
    wrong = [
        (".".join(str(part) for part in e["loc"]) or "value", e["msg"])
        for e in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    return Fault("INVALID", "; ".join(f"{field}: {text}" for field, text in wrong)[:1000], wrong[0][0])


def _unanswered(record: Record, envelope: Envelope, table: Handlers) -> Unreadable | ReadPast:
    """A type nobody here answers: read past on others' topics; on an inbox its sender should hear of it."""
    name, _, _ = envelope.type.rpartition(".v")
    if name and any(known.rpartition(".v")[0] == name for known in table.by_type):
        fault = Fault("UNKNOWN_VERSION", f"{envelope.type} is not a version read here", "ce_type")
        return Unreadable(record, envelope, fault)
    if record.topic.endswith(".inbox"):
        return Unreadable(record, envelope, Fault("UNKNOWN_TYPE", f"{envelope.type} is not taken here", "ce_type"))
    return ReadPast(record)


def _wrong_subject(message: Message, envelope: Envelope) -> Fault | None:
    field = message.subject_field if isinstance(message, InboxMessage) else ""
    if field and getattr(message, field) != envelope.subject:
        return Fault("INVALID", f"{field} must equal ce_subject", field)
    return None


def _still_to_come(record: Record, message: Message, envelope: Envelope) -> Fault | None:
    """Judged by when the record was sent, if its sender says so: the answer is the same whenever it is read, and a
    reader whose clock is wrong refuses nothing. Events of ours tell what was let in before."""
    if not isinstance(message, InboxMessage) or record.timestamp <= 0:
        return None
    if envelope.time.timestamp() - record.timestamp / 1000 <= AHEAD.total_seconds():
        return None
    return Fault("MALFORMED", "ce_time lies more than a day after the record was sent", "ce_time")
