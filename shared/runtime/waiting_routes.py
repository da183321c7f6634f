"""Parked and held records over HTTP, for operators: what `sellerdesk parked` and `sellerdesk held` ask for."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from shared.runtime.decision import Actor, Document
from shared.runtime.http import Runtime, actor_of
from shared.runtime.paging import paginate
from shared.runtime.parking import AT_ONCE, Parking
from shared.runtime.selection import AuditSelection, HeldSelection, Name, ParkedSelection

router = APIRouter(tags=["operations"])


class Records(BaseModel):
    """The parked records of one key of a group, all or those with these ids."""

    model_config = ConfigDict(extra="forbid")

    group: Name
    key: Name
    ids: Annotated[list[Name], Field(min_length=1, max_length=AT_ONCE)] | None = None
    dry_run: bool = False


async def _operator(request: Request) -> Actor:
    return actor_of(request, "operator:local")


Operator = Annotated[Actor, Depends(_operator)]


@router.get("/ops/parked")
async def parked(runtime: Runtime, wanted: Annotated[ParkedSelection, Query()]) -> dict[str, Any]:
    """Oldest first."""
    page = await paginate(
        runtime.collection("parked"),
        wanted.query(datetime.now(UTC)),
        sort=[("parked_at", 1), ("_id", 1)],
        limit=wanted.limit,
        cursor=wanted.cursor,
    )
    return {"items": [shown(row) for row in page.items], "next_cursor": page.next_cursor}


@router.get("/ops/parked/record")
async def parked_record(runtime: Runtime, id: str) -> dict[str, Any]:
    """One parked record with its headers and value."""
    return shown(await Parking(runtime).get(id), whole=True)


@router.post("/ops/parked/retry")
async def retry(runtime: Runtime, records: Records, operator: Operator) -> dict[str, Any]:
    """Apply them in their original order. `X-Actor` is kept in the audit."""
    parking = Parking(runtime)
    retried = await parking.retry(records.group, records.key, str(operator), ids=records.ids, dry_run=records.dry_run)
    return asdict(retried)


@router.post("/ops/parked/drop")
async def drop(runtime: Runtime, records: Records, operator: Operator) -> dict[str, Any]:
    """Give them up for good; the audit keeps their bytes. `X-Actor` is kept with them."""
    parking = Parking(runtime)
    dropped = await parking.drop(records.group, records.key, str(operator), ids=records.ids, dry_run=records.dry_run)
    return {"dropped": dropped, "dry_run": records.dry_run}


@router.get("/ops/parked/audit")
async def audit(runtime: Runtime, wanted: Annotated[AuditSelection, Query()]) -> dict[str, Any]:
    """Who retried or dropped what, newest first."""
    page = await paginate(
        runtime.collection("audit"),
        wanted.query(datetime.now(UTC)),
        sort=[("at", -1), ("_id", 1)],
        limit=wanted.limit,
        cursor=wanted.cursor,
    )
    names = ("at", "actor", "what", "group", "key", "record", "error")
    return {"items": [{name: row.get(name) for name in names} for row in page.items], "next_cursor": page.next_cursor}


@router.get("/ops/held")
async def held(runtime: Runtime, wanted: Annotated[HeldSelection, Query()]) -> dict[str, Any]:
    """Records that came too early, oldest first, and what each waits for."""
    page = await paginate(
        runtime.collection("held"),
        wanted.query(datetime.now(UTC)),
        sort=[("held_at", 1), ("_id", 1)],
        limit=wanted.limit,
        cursor=wanted.cursor,
    )
    names = ("group", "key", "type", "waits_for", "sentence", "held_at", "expires_at")
    items = [{"id": row["_id"]} | {name: row.get(name) for name in names} for row in page.items]
    return {"items": items, "next_cursor": page.next_cursor}


def shown(row: Document, *, whole: bool = False) -> Document:
    """A parked row for people: where it came from, why it is here, and on demand its bytes as text."""
    record = row["record"]
    brief = {name: row[name] for name in ("group", "key", "error", "sentence", "field", "type", "source")}
    brief |= {name: row[name] for name in ("message_id", "subject", "queued", "blocking", "attempts", "parked_at")}
    brief |= {"id": row["_id"], "topic": record["topic"], "partition": record["partition"], "offset": record["offset"]}
    if whole:
        headers = [[name, _text(raw)] for name, raw in record["headers"]]
        value = record["value"]
        brief |= {"traceparent": row["traceparent"], "headers": headers, "bytes": len(value or b"")}
        brief |= {"value": None if value is None else _text(value[:100_000])}
    return brief


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else bytes(raw).decode(errors="backslashreplace")
