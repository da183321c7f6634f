"""The table of a consumer group: which pure function answers which message. Each service's `handlers.py` is one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

from pydantic import TypeAdapter

from shared.contracts.base import Message
from shared.runtime.decision import Context, Decision, Documents, Kind, Ref, Row, Unknown
from shared.runtime.personal import Personal

S = TypeVar("S")
M = TypeVar("M", bound=Message)

Create = Callable[[S | None, M, Context], Decision[S]]
Project = Callable[[S | None, M, Context], Decision[S] | None]
Decide = Callable[[S, M, Context], Decision[S]]
Refs = Callable[[M, Documents], Iterable[Ref]]
DecideSeveral = Callable[[Documents, M, Context], Mapping[Ref, Decision[Any]]]
Append = Callable[[M, Context], Sequence[Row]]
Due = Callable[[S], Mapping[str, datetime]]


class TimerFired(Message):
    """What a document waited for by itself has come. Made by the runtime, on no wire."""

    service: ClassVar[str] = "runtime"
    timer: str


@dataclass(frozen=True)
class Handler:
    """How one message type is answered. The runtime calls `answer` for every record, command and retry."""

    message: type[Message]
    kind: Kind[Any]
    refs: Refs[Any]
    answer: DecideSeveral[Any]
    on_expiry: DecideSeveral[Any] | None
    append: Append[Any] | None
    edit: bool
    projection: bool
    guarded: bool
    adapter: TypeAdapter[Any]


@dataclass(frozen=True)
class Timing:
    """The moments a document waits for by itself, by name, and what answers when one has come."""

    due: Due[Any]
    handler: Handler


class Handlers:
    """Maps message types to pure functions for one consumer group.

    lease: name of a short lease to hold around each batch, where batches of several processes fight for the same
    documents. gather: how long the broker may gather records into one fetch: what a group may lag, against what a batch
    costs by itself. personal: what of its messages is erased with a person.
    """

    def __init__(
        self,
        group: str,
        *,
        topics: Sequence[str],
        lease: str | None = None,
        gather: timedelta = timedelta(milliseconds=70),
        personal: Personal | None = None,
    ) -> None:
        self.group = group
        self.topics = tuple(topics)
        self.lease = lease
        self.gather = gather
        self.personal = personal
        self.by_type: dict[str, Handler] = {}
        self.timers: dict[Kind[Any], Timing] = {}

    def on(
        self,
        message: type[M],
        kind: Kind[S],
        *,
        create: Create[S, M] | None = None,
        decide: Decide[S, M] | None = None,
        project: Project[S, M] | None = None,
        several: DecideSeveral[M] | None = None,
        refs: Refs[M] | None = None,
        on_expiry: DecideSeveral[M] | None = None,
        append: Append[M] | None = None,
        edit: bool = False,
        guarded: bool = True,
    ) -> None:
        """Register exactly one of create, decide, project or several.

        The document the message is about has the message's subject as its id.
        create: may be given no document yet. decide: the document exists, else the message is Unknown (held, or 404).
        project: a view, not a decision: what it raises parks the record without queueing later ones behind it; None
        leaves things as they are. guarded=False: the function itself makes repeats and older events harmless, so no
        sequence is kept and an event that changes nothing writes nothing.
        several: `refs` names the further documents, asked again once the first are loaded, and any may change.
        on_expiry: answers a message held too long, in place of parking it. append: rows written even where the
        event is older than what the document has heard. edit: an edit by a person: bumps `revision`, and over HTTP
        needs If-Match.
        """
        if sum(f is not None for f in (create, decide, project, several)) != 1:
            raise TypeError(f"{message.__name__}: give exactly one of create, decide, project, several")
        wire_type = message.wire_type()
        if wire_type in self.by_type:
            raise TypeError(f"{wire_type} has a handler already")
        answer = several or _single(kind, create or project, decide)
        self.by_type[wire_type] = Handler(
            message=message,
            kind=kind,
            refs=refs or _no_more,
            answer=answer,
            on_expiry=on_expiry,
            append=append,
            edit=edit,
            projection=project is not None,
            guarded=guarded,
            adapter=TypeAdapter(message),
        )

    def on_time(self, kind: Kind[S], *, due: Due[S], decide: Decide[S, TimerFired]) -> None:
        """Timers of one kind of document. `due` names the moments a state waits for by itself; `decide` is told the
        name once that moment has come, dated at it, and answers with a state that does not wait for it any more."""
        handler = Handler(
            message=TimerFired,
            kind=kind,
            refs=_no_more,
            answer=_single(kind, None, decide),
            on_expiry=None,
            append=None,
            edit=False,
            projection=False,
            guarded=True,
            adapter=TypeAdapter(TimerFired),
        )
        self.timers[kind] = Timing(due, handler)


def _no_more(_message: Message, _docs: Documents) -> Iterable[Ref]:
    return ()


def _single(kind: Kind[S], create: Project[S, M] | None, decide: Decide[S, M] | None) -> DecideSeveral[M]:
    """A decision over the one document the message is about, as a decision over several."""

    def answer(docs: Documents, message: M, ctx: Context) -> Mapping[Ref, Decision[Any]]:
        ref = kind.ref(ctx.subject)
        state = docs.get(kind, ref.id)
        if create is not None:
            decision = create(state, message, ctx)
            return {} if decision is None else {ref: decision}
        if state is None:
            raise Unknown(f"{kind.name} {ref.id} is not known")
        assert decide is not None
        return {ref: decide(state, message, ctx)}

    return answer
