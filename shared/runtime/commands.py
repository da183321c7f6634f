"""Commands of people over HTTP: decided in a transaction, answered from it, the answers kept with the Idempotency-Key.

One by itself, or many of one request, where what is wrong with one does not hold up the others. A file's rows have no
such key: `bulk`.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from shared.contracts.base import Message
from shared.runtime import idempotency
from shared.runtime.batch import Batch, Writes
from shared.runtime.decision import Refusal
from shared.runtime.errors import Busy
from shared.runtime.http import etag, if_match_of, incoming_of
from shared.runtime.idempotency import Answered
from shared.runtime.metrics import counted
from shared.runtime.mongo import Session
from shared.runtime.records import Incoming
from shared.runtime.service_runtime import ServiceRuntime
from shared.runtime.transaction import Transaction

PATIENCE_SECONDS = 3.0
"""After that a person is told to try again, while a consumer would still be waiting for MongoDB."""
AT_ONCE = 50
"""Commands in one transaction: it is tried again as a whole when anything else has changed one of its documents."""
Show = Callable[[Any], Any]
"""What is shown of the document that a command was about, in its state afterwards."""
Answer = Answered | Refusal
A = TypeVar("A", bound=Answer)


class Part(NamedTuple):
    name: str
    """Among the parts of its request, under the request's Idempotency-Key."""
    id: str
    """Of the document that the command is about."""
    message: Message


async def command(
    request: Request, runtime: ServiceRuntime, message: Message, id: str, show: Show, *, status: int = 200
) -> Response:
    """Run a message about the document of this id through the service's table; answer with `show`'s JSON.

    Idempotency-Key: the stored answer comes again, 400 when its body differs. If-Match: needed by edits.
    Refusals propagate to the problem handlers; nothing is written then.
    """
    if_match = if_match_of(request)

    def decide(batch: Batch, incoming: Incoming) -> Answered:
        return _decided(batch, incoming, show, status, if_match)

    [answer] = await _answers(request, runtime, [Part("", id, message)], decide)
    headers = {"ETag": etag(answer.revision)} | ({"Idempotency-Replayed": "true"} if answer.replayed else {})
    return JSONResponse(answer.body, answer.status, headers)


async def answer_each(request: Request, runtime: ServiceRuntime, parts: Sequence[Part], show: Show) -> list[Answer]:
    """An answer per part, in their order. Those that were granted are kept with the Idempotency-Key."""

    def decide(batch: Batch, incoming: Incoming) -> Answer:
        try:
            return _decided(batch, incoming, show)
        except Refusal as refusal:
            return refusal

    return await _answers(request, runtime, parts, decide)


def _decided(batch: Batch, incoming: Incoming, show: Show, status: int = 200, if_match: int | None = None) -> Answered:
    batch.decide(incoming, if_match)
    entry = batch.work.entry(incoming.ref)
    return Answered(status, show(entry.state), entry.revision)


async def _answers(
    request: Request, runtime: ServiceRuntime, parts: Sequence[Part], decide: Callable[[Batch, Incoming], A]
) -> list[Answered | A]:
    if runtime.backlog.outbox_full:
        raise Busy("the outbox is full")
    answers: list[Answered | A] = []
    for start in range(0, len(parts), AT_ONCE):
        answers += await _transact(request, runtime, parts[start : start + AT_ONCE], decide)
    return answers


async def _transact(
    request: Request, runtime: ServiceRuntime, parts: Sequence[Part], decide: Callable[[Batch, Incoming], A]
) -> list[Answered | A]:
    keys = {part.name: key for part in parts if (key := idempotency.key_of(request, part.name)) is not None}
    fingerprint = await idempotency.fingerprint_of(request)
    commands = {part.name: incoming_of(request, runtime, part.message, part.id) for part in parts}

    async def body(session: Session, attempt: int) -> tuple[dict[str, Answered | A], Writes | None]:
        known = await idempotency.known(runtime, session, list(keys.values()), fingerprint)
        answers: dict[str, Answered | A] = {name: known[key] for name, key in keys.items() if key in known}
        new = {name: incoming for name, incoming in commands.items() if name not in answers}
        if not new:
            return answers, None
        transaction = Transaction(runtime.database, session, runtime.group_of(parts[0].message), attempt)
        decided, writes = await transaction.run(
            list(new.values()), lambda batch: {name: decide(batch, incoming) for name, incoming in new.items()}
        )
        granted = {
            keys[name]: (commands[name].envelope.subject, answer)
            for name, answer in decided.items()
            if name in keys and isinstance(answer, Answered)
        }
        await idempotency.remember(runtime, session, fingerprint, granted)
        return answers | decided, writes

    with counted([part.message for part in parts]) as outcomes:
        try:
            answers, writes = await runtime.database.transaction(body, PATIENCE_SECONDS)
        except ValidationError as bug:
            raise RuntimeError("a decision built an invalid state") from bug
        outcomes += [_outcome(answers[part.name]) for part in parts]
    if writes is not None:
        runtime.wrote(writes)
    return [answers[part.name] for part in parts]


def _outcome(answer: Answer) -> str:
    if isinstance(answer, Refusal):
        return "refused"
    return "repeated" if answer.replayed else "applied"
