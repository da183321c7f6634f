"""The words a pure function speaks: what it is given (Context, Documents) and what it may answer.

Nothing here knows Kafka, MongoDB, a clock or a coroutine; domain code imports this module and the contracts only.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar, cast
from uuid import UUID, uuid5

from shared.contracts.base import Event

S = TypeVar("S")
Document = dict[str, Any]
Announcement = Callable[..., Event]
"""An event still lacking the state after the decision: `partial(OrderShipped, shipment=…)`, or just `OrderReserved`."""


@dataclass(frozen=True, eq=False)
class Kind(Generic[S]):
    """One kind of document a service owns: an aggregate that decides, or a view that is projected.

    name: the aggregate's name on the wire (header `ce_aggregate`). load/dump: MongoDB document (without `_id`
    and the runtime's own `meta`) to state and back. publish: state to the public part that every event of the
    kind carries, as the keyword arguments that complete an Announcement. derive: events that follow from the
    state before and after the whole batch (such as StockChanged), asked once per changed document.
    wakes: whether a change from one state to the other may make legal what waits for the document; by default any may.
    tell: one sentence on an event of the kind; where it is given, `<name>_history` keeps a line per event.
    """

    name: str
    collection: str
    load: Callable[[Document], S]
    dump: Callable[[S], Document]
    publish: Callable[[S], dict[str, Any]] = field(default=lambda _: {})
    derive: "Callable[[S | None, S, Context], Sequence[Announcement]] | None" = None
    wakes: Callable[[S | None, S], bool] = field(default=lambda _before, _after: True)
    tell: Callable[[Any], str] | None = None

    def ref(self, id: str) -> "Ref":
        return Ref(self, id)


class Ref(NamedTuple):
    """Names one document."""

    kind: Kind[Any]
    id: str

    def __str__(self) -> str:
        return f"{self.kind.name}/{self.id}"


@dataclass(frozen=True)
class Actor:
    """Who acts: `seller:local`, `buyer:…`, `agent:…`, or `system:/payments` for a message from an inbox."""

    role: str
    id: str

    def __str__(self) -> str:
        return f"{self.role}:{self.id}"


@dataclass
class Context:
    """What a decision may know besides its documents. Ids are made from the message's, so a retry makes the same."""

    now: datetime
    """When it happened in the world: the message's `ce_time`, never a clock."""
    message_id: str
    source: str
    subject: str
    """The id of the document the message is about."""
    actor: Actor
    policy: Any = None
    """The service's frozen settings."""
    partition: int = 0
    """The Kafka partition the message came from: part of a hot rollup's id, so processes never share one."""
    sequence: int | None = None
    """`ce_sequence` of an event of ours; None for inbox messages and HTTP."""
    _made: int = 0

    def new_id(self, prefix: str) -> str:
        """The same when the message is applied anew."""
        self._made += 1
        return f"{prefix}_{uuid5(NAMESPACE, f'{self.source}|{self.message_id}|{self._made}').hex}"

    def new_row_id(self, prefix: str) -> str:
        """One that sorts by the message's time, for rows of which there are millions: their index then grows at its
        end, where at random places nearly every insert reads a page from disk and writes it again."""
        kind, _, unique = self.new_id(prefix).partition("_")
        return f"{kind}_{int(self.now.timestamp() * 1000):012x}{unique[:20]}"


NAMESPACE = UUID("6f1d3c54-6c0c-5a3e-9c3b-0a4b5b1f6d11")


@dataclass(frozen=True)
class Row:
    """A document that is only ever inserted, and only if its id is new: a movement, a ledger row, a timeline line."""

    collection: str
    id: str
    document: Document


@dataclass(frozen=True)
class Tally:
    """Counters to add to one document; `labels` are set when it is new. Paths may be dotted."""

    collection: str
    id: str
    labels: Document
    add: Mapping[str, int]


@dataclass(frozen=True)
class Decision(Generic[S]):
    """The answer of a pure function: the document's new state and what happened.

    The very same state object without events means nothing changed (an exact repeat): nothing is written.
    """

    state: S
    events: Sequence[Announcement] = ()
    rows: Sequence[Row] = ()
    tallies: Sequence[Tally] = ()


class Documents:
    """The loaded documents of a decision over several: `docs.get(PRODUCT, "prd_1")`, None where there is none yet."""

    def __init__(self, states: Mapping[Ref, Any]) -> None:
        self._states = states

    def get(self, kind: Kind[S], id: str) -> S | None:
        return cast("S | None", self._states.get(Ref(kind, id)))

    def __contains__(self, ref: Ref) -> bool:
        """Whether it is loaded, be there a document or not."""
        return ref in self._states

    def has_any(self, kind: Kind[Any]) -> bool:
        """Whether one of the kind is loaded, be there a document or not."""
        return any(ref.kind is kind for ref in self._states)

    def of(self, kind: Kind[S]) -> Iterator[tuple[str, S]]:
        return ((ref.id, state) for ref, state in self._states.items() if ref.kind is kind and state is not None)


class Refusal(Exception):
    """Why a message was not applied, in one sentence for the one who sent it."""

    error = "REFUSED"

    def __init__(self, sentence: str, *, field: str | None = None, allowed: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field
        self.allowed = tuple(allowed)

    @property
    def fields(self) -> Mapping[str, str]:
        """What is wrong, field by field."""
        return {self.field: self.sentence} if self.field else {}


class NotYet(Refusal):
    """Too early: legal in a state still ahead. From a topic it is held and tried again; over HTTP it is a 409.

    waits_for: the document whose next change should try it again, among those loaded for the message; by default
    the one the message is about. hold_for: how long to wait (wall clock) before it is parked or `on_expiry` answers.
    """

    error = "NOT_YET"

    def __init__(
        self,
        sentence: str,
        *,
        waits_for: Ref | None = None,
        hold_for: timedelta | None = None,
        field: str | None = None,
        allowed: Sequence[str] = (),
    ) -> None:
        super().__init__(sentence, field=field, allowed=allowed)
        self.waits_for = waits_for
        self.hold_for = hold_for


class Unknown(NotYet):
    """No such document (yet). From a topic it is held; over HTTP it is a 404."""

    error = "NOT_FOUND"


class IllegalMove(Refusal):
    """Never legal from here. From a topic it is parked and rejected; over HTTP it is a 409 naming what is allowed."""

    error = "ILLEGAL_MOVE"


class Invalid(Refusal):
    """The content is wrong whatever the state: a wrong currency, units beyond the line. HTTP 422 naming the field."""

    error = "INVALID"
