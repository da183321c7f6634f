"""What routes are written with: commands through the table, reads with ETags, cursor pages."""

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4, uuid5

import bson
from bson import json_util
from fastapi import Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from shared.contracts.base import Message, utc_milliseconds
from shared.contracts.envelope import Envelope
from shared.runtime import idempotency
from shared.runtime.batch import ANY_REVISION, Batch, Writes
from shared.runtime.decision import NAMESPACE, Actor, Document, Documents, Invalid, Kind
from shared.runtime.idempotency import Answered
from shared.runtime.metrics import COMMANDS
from shared.runtime.mongo import Collection, Session
from shared.runtime.problems import Busy, NotFound
from shared.runtime.records import Incoming
from shared.runtime.service_runtime import ServiceRuntime
from shared.runtime.transaction import Transaction

__all__ = [
    "Caller",
    "Cursor",
    "Limit",
    "NotFound",
    "Page",
    "Runtime",
    "actor_of",
    "command",
    "etag",
    "incoming_of",
    "not_modified",
    "paginate",
]
PATIENCE_SECONDS = 3.0
"""After that a person is told to try again, while a consumer would still be waiting for MongoDB."""
_ETAG = re.compile(r'(?:W/)?"([0-9]{1,15})(?:-[^"]*)?"')
_ACTOR = re.compile(r"([a-z]{1,20}):([A-Za-z0-9._~@-]{1,100})")


async def _runtime(request: Request) -> ServiceRuntime:  # async: FastAPI runs a plain function in a thread
    runtime: ServiceRuntime = request.app.state.runtime
    return runtime


Runtime = Annotated[ServiceRuntime, Depends(_runtime)]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=2000)]


async def command(
    request: Request,
    runtime: ServiceRuntime,
    message: Message,
    kind: Kind[Any],
    id: str,
    *,
    render: Callable[[Documents], Any],
    status: int = 200,
) -> Response:
    """Run a message of a person through the service's table in one transaction and answer with `render`'s JSON.

    Idempotency-Key: the stored answer comes again, 400 when its body differs. If-Match: needed by edits.
    Refusals propagate to the problem handlers; nothing is written then.
    """
    if runtime.outbox_full:
        raise Busy("the outbox is full")
    key, fingerprint = idempotency.key_of(request), await idempotency.fingerprint_of(request)
    incoming = incoming_of(request, runtime, message, id, key)
    if_match = _if_match(request)

    async def body(session: Session, attempt: int) -> tuple[Answered, Writes | None]:
        if key is not None and (known := await idempotency.known(runtime, session, [key], fingerprint)):
            return known[key], None
        transaction = Transaction(runtime.database, session, runtime.setting_for(message), attempt)

        def act(batch: Batch) -> Answered:
            documents = batch.decide(incoming, if_match)
            return Answered(status, render(documents), batch.work.entry(incoming.ref).revision)

        answered, writes = await transaction.run([incoming], act)
        if key is not None:
            await idempotency.remember(runtime, session, fingerprint, {key: (id, answered)})
        return answered, writes

    try:
        answered, writes = await runtime.database.transaction(body, PATIENCE_SECONDS)
    except ValidationError as bug:
        raise RuntimeError("a decision built an invalid state") from bug
    finally:
        COMMANDS.labels(message.wire_type(), "finished").inc()
    if writes is not None:
        runtime.wrote(writes)
    headers = {"ETag": etag(answered.revision)} | ({"Idempotency-Replayed": "true"} if writes is None else {})
    return JSONResponse(answered.body, answered.status, headers)


def incoming_of(
    request: Request, runtime: ServiceRuntime, message: Message, id: str, key: str | None = None
) -> Incoming:
    handler = runtime.handler_for(message)
    envelope = Envelope(
        id=str(uuid5(NAMESPACE, key) if key else uuid4()),
        source=f"/{runtime.service}/http",
        type=message.wire_type(),
        time=utc_milliseconds(datetime.now(UTC)),
        subject=id,
        data=b"",
        traceparent=request.headers.get("traceparent"),
    )
    return Incoming(None, envelope, handler, message, actor_of(request))


async def _caller(request: Request) -> Actor:
    return actor_of(request)


def actor_of(request: Request, default: str = "seller:local") -> Actor:
    text = request.headers.get("X-Actor", default)
    match = _ACTOR.fullmatch(text)
    if match is None or match[1] == "system":
        raise Invalid("X-Actor is role:id, such as agent:7f3a", field="X-Actor")
    return Actor(match[1], match[2])


Caller = Annotated[Actor, Depends(_caller)]


def _if_match(request: Request) -> int | None:
    text = request.headers.get("If-Match")
    if text is None:
        return None
    if text.strip() == "*":
        return ANY_REVISION
    match = _ETAG.fullmatch(text.strip())
    if match is None:
        raise Invalid("If-Match is an ETag this service gave", field="If-Match")
    return int(match[1])


def etag(revision: int, *sequences: int) -> str:
    """`"<revision>-<sequences>"`: changes with everything shown, while If-Match compares the revision only."""
    return '"' + "-".join(str(n) for n in (revision, *sequences)) + '"'


def not_modified(request: Request, tag: str) -> bool:
    """Whether the caller has this version already."""
    known = request.headers.get("If-None-Match", "")
    return tag in (part.strip().removeprefix("W/") for part in known.split(","))


@dataclass(frozen=True)
class Page:
    items: list[Document]
    next_cursor: str | None


async def paginate(
    collection: Collection,
    filter: Document,
    *,
    sort: Sequence[tuple[str, int]],
    limit: int = 50,
    cursor: str | None = None,
) -> Page:
    """One page in a total order: `sort` ends with a unique field. The cursor is opaque and survives new documents."""
    conditions = [filter] if filter else []
    if cursor is not None:
        conditions.append(_behind(sort, _values(cursor, len(sort))))
    query = {"$and": conditions} if conditions else {}
    rows: list[Document] = await collection.find(query).sort(list(sort)).limit(limit + 1).to_list(limit + 1)
    items = rows[:limit]
    more = len(rows) > limit
    return Page(items, _cursor([_at(items[-1], name) for name, _ in sort]) if more else None)


def _behind(sort: Sequence[tuple[str, int]], values: Sequence[Any]) -> Document:
    branches = []
    for n, (name, direction) in enumerate(sort):
        equal = {sort[k][0]: values[k] for k in range(n)}
        branches.append(equal | {name: {"$gt" if direction > 0 else "$lt": values[n]}})
    return {"$or": branches}


def _at(document: Document, path: str) -> Any:
    value: Any = document
    for part in path.split("."):
        value = value[part]
    return value


def _cursor(values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(json_util.dumps(values).encode()).decode().rstrip("=")


def _values(cursor: str, count: int) -> list[Any]:
    try:
        values = json_util.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        bson.encode({"values": values})  # what MongoDB could not take is not from here either
    except Exception:
        values = None
    if not isinstance(values, list) or len(values) != count or not all(isinstance(v, _SCALARS) for v in values):
        raise Invalid("cursor is not one that this list gave", field="cursor")
    return values


_SCALARS = (str, int, float, bool, datetime)
