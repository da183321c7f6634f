"""Many commands of one HTTP request, each answered for itself, the answers kept with its Idempotency-Key.

What is wrong with one does not hold up the others. A file's rows have no such key: `bulk`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from fastapi import Request
from pydantic import ValidationError

from shared.contracts.base import Message
from shared.runtime import idempotency
from shared.runtime.batch import Batch, Writes
from shared.runtime.decision import Documents, Refusal
from shared.runtime.http import PATIENCE_SECONDS, incoming_of
from shared.runtime.idempotency import Answered
from shared.runtime.metrics import COMMANDS
from shared.runtime.mongo import Session
from shared.runtime.problems import Busy
from shared.runtime.records import Incoming
from shared.runtime.service_runtime import ServiceRuntime
from shared.runtime.transaction import Transaction

AT_ONCE = 50
"""Commands in one transaction: it is tried again as a whole when anything else has changed one of its documents."""


class Part(NamedTuple):
    name: str
    """Among the parts of its request, under the request's Idempotency-Key."""
    id: str
    """Of the document that the command is about."""
    message: Message


Render = Callable[[Documents, str], Any]
"""What is shown of the documents after the command about the one of this id."""
Answer = Answered | Refusal


async def answer_each(request: Request, runtime: ServiceRuntime, parts: Sequence[Part], render: Render) -> list[Answer]:
    """An answer per part, in their order. Those that were granted are kept with the Idempotency-Key."""
    if runtime.outbox_full:
        raise Busy("the outbox is full")
    answers: list[Answer] = []
    for start in range(0, len(parts), AT_ONCE):
        answers += await _answered(request, runtime, parts[start : start + AT_ONCE], render)
    return answers


async def _answered(
    request: Request, runtime: ServiceRuntime, parts: Sequence[Part], render: Render
) -> Sequence[Answer]:
    keys = {part.name: key for part in parts if (key := idempotency.key_of(request, part.name)) is not None}
    fingerprint = await idempotency.fingerprint_of(request)
    commands = {part.name: incoming_of(request, runtime, part.message, part.id, keys.get(part.name)) for part in parts}

    async def body(session: Session, attempt: int) -> tuple[dict[str, Answer], Writes | None]:
        known = await idempotency.known(runtime, session, list(keys.values()), fingerprint)
        answers: dict[str, Answer] = {name: known[key] for name, key in keys.items() if key in known}
        new = {name: command for name, command in commands.items() if name not in answers}
        if not new:
            return answers, None
        transaction = Transaction(runtime.database, session, runtime.setting_for(parts[0].message), attempt)
        decided, writes = await transaction.run(list(new.values()), lambda batch: _decided(batch, new, render))
        granted = {
            keys[name]: (commands[name].envelope.subject, answer)
            for name, answer in decided.items()
            if name in keys and isinstance(answer, Answered)
        }
        await idempotency.remember(runtime, session, fingerprint, granted)
        return answers | decided, writes

    try:
        answers, writes = await runtime.database.transaction(body, PATIENCE_SECONDS)
    except ValidationError as bug:
        raise RuntimeError("a decision built an invalid state") from bug
    finally:
        COMMANDS.labels(parts[0].message.wire_type(), "finished").inc(len(parts))
    if writes is not None:
        runtime.wrote(writes)
    return [answers[part.name] for part in parts]


def _decided(batch: Batch, commands: Mapping[str, Incoming], render: Render) -> dict[str, Answer]:
    return {name: _answer(batch, command, render) for name, command in commands.items()}


def _answer(batch: Batch, command: Incoming, render: Render) -> Answer:
    try:
        documents = batch.decide(command)
    except Refusal as refusal:
        return refusal
    return Answered(200, render(documents, command.envelope.subject), batch.work.entry(command.ref).revision)
