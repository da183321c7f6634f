"""What routes are written with: who calls, what they call about, and which version of it they know."""

import re
from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

from fastapi import Depends, Request

from shared.contracts.base import Message, utc_milliseconds
from shared.contracts.envelope import Envelope
from shared.runtime.decision import Actor, Invalid
from shared.runtime.records import Incoming
from shared.runtime.revision import ANY_REVISION
from shared.runtime.service_runtime import ServiceRuntime

_ETAG = re.compile(r'(?:W/)?"([0-9]{1,15})(?:-[^"]*)?"')
_ACTOR = re.compile(r"([a-z]{1,20}):([A-Za-z0-9._~@-]{1,100})")


async def _runtime(request: Request) -> ServiceRuntime:  # async: FastAPI runs a plain function in a thread
    runtime: ServiceRuntime = request.app.state.runtime
    return runtime


Runtime = Annotated[ServiceRuntime, Depends(_runtime)]


def incoming_of(request: Request, runtime: ServiceRuntime, message: Message, id: str) -> Incoming:
    """Under an id that no other command has, so that what is made from it is its own: what makes a repeated request act
    once is its kept answer."""
    handler = runtime.handler_for(message)
    envelope = Envelope(
        id=str(uuid4()),
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


def if_match_of(request: Request) -> int | None:
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
