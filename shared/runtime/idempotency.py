"""Answers kept with the Idempotency-Key of their request: the same request again has the same answer."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import Request

from shared.runtime.decision import Invalid
from shared.runtime.errors import BadRequest
from shared.runtime.mongo import Session
from shared.runtime.service_runtime import ServiceRuntime


@dataclass(frozen=True)
class Answered:
    """The response of a command."""

    status: int
    body: Any
    revision: int
    replayed: bool = False
    """It was given to an earlier request with the same Idempotency-Key."""


def key_of(request: Request, part: str = "") -> str | None:
    """part: names one of several commands that one request runs under one key."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 1 <= len(key) <= 200:
        raise Invalid("Idempotency-Key has 1 to 200 characters", field="Idempotency-Key")
    return f"{request.method} {request.url.path}|{request.headers.get('X-Actor', 'seller:local')}|{key}|{part}"


async def fingerprint_of(request: Request) -> str:
    return hashlib.sha256(await request.body()).hexdigest()


async def known(
    runtime: ServiceRuntime, session: Session, keys: Sequence[str], fingerprint: str
) -> dict[str, Answered]:
    """What was answered before, by key. Refuses a key that was used with another body."""
    found = runtime.collection("idempotency").find({"_id": {"$in": list(keys)}}, session=session)
    rows = await found.to_list(None) if keys else []
    if any(row["fingerprint"] != fingerprint for row in rows):
        raise BadRequest("this Idempotency-Key was used with another body")
    return {row["_id"]: Answered(row["status"], row["body"], row["revision"], replayed=True) for row in rows}


async def remember(
    runtime: ServiceRuntime, session: Session, fingerprint: str, answered: Mapping[str, tuple[str, Answered]]
) -> None:
    """By key: what the command was about, and its answer."""
    rows = [
        {
            "_id": key,
            "fingerprint": fingerprint,
            "status": answer.status,
            "body": answer.body,
            "revision": answer.revision,
            "subject": subject,
            "at": datetime.now(UTC),
        }
        for key, (subject, answer) in answered.items()
    ]
    if rows:
        await runtime.collection("idempotency").insert_many(rows, session=session)
