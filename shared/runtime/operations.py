"""What every service answers beside its own routes: health, metrics, status, and its parked and held records."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from shared.runtime.http import Cursor, Limit, Runtime, paginate
from shared.runtime.parking import Parking, as_json, shown

router = APIRouter(tags=["operations"])


class Selection(BaseModel):
    """Parked records of one key of a group, or the one with `id`."""

    group: str
    key: str
    id: str | None = None
    dry_run: bool = False
    actor: Annotated[str, Field(max_length=100)] = "operator:local"


@router.get("/health/live")
async def live(runtime: Runtime) -> Response:
    """The process answers; whether it can work is what `ready` says."""
    return PlainTextResponse("live")


@router.get("/health/ready")
async def ready(runtime: Runtime) -> Response:
    """Consumers progress and the outbox drains; else 503 with every reason."""
    reasons = runtime.troubles()
    return JSONResponse({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)


@router.get("/metrics")
async def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@router.get("/ops/status")
async def status(runtime: Runtime) -> dict[str, Any]:
    """Lag per partition, the outbox, held and parked records, as they are now."""
    counts = await runtime.refresh()
    settings = runtime.settings
    return {
        "service": runtime.service,
        "store": {"currency": settings.store_currency, "timezone": settings.store_timezone},
        "ready": not runtime.troubles(),
        "reasons": runtime.troubles(),
        "consumers": await runtime.lag(),
        "outbox": {"rows": counts.outbox[0], "oldest_seconds": round(counts.outbox[1], 3)},
        "held": counts.held,
        "parked": counts.parked,
    }


@router.get("/ops/parked")
async def parked(
    runtime: Runtime,
    limit: Limit = 50,
    cursor: Cursor = None,
    group: Annotated[str | None, Query()] = None,
    key: Annotated[str | None, Query()] = None,
    error: Annotated[str | None, Query()] = None,
) -> dict[str, Any]:
    """Oldest first."""
    wanted = {name: value for name, value in (("group", group), ("key", key), ("error", error)) if value is not None}
    page = await paginate(
        runtime.collection("parked"), wanted, sort=[("parked_at", 1), ("_id", 1)], limit=limit, cursor=cursor
    )
    return {"items": [shown(row) for row in page.items], "next_cursor": page.next_cursor}


@router.get("/ops/parked/record")
async def parked_record(runtime: Runtime, id: str) -> dict[str, Any]:
    """One parked record with its headers and value."""
    return shown(await Parking(runtime).get(id), whole=True)


@router.post("/ops/parked/retry")
async def retry(runtime: Runtime, selection: Selection) -> dict[str, Any]:
    result = await Parking(runtime).retry(
        selection.group, selection.key, selection.actor, id=selection.id, dry_run=selection.dry_run
    )
    return as_json(result)


@router.post("/ops/parked/drop")
async def drop(runtime: Runtime, selection: Selection) -> dict[str, Any]:
    dropped = await Parking(runtime).drop(
        selection.group, selection.key, selection.actor, id=selection.id, dry_run=selection.dry_run
    )
    return {"dropped": dropped, "dry_run": selection.dry_run}


@router.get("/ops/held")
async def held(runtime: Runtime, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Records that came too early, oldest first, and what each waits for."""
    page = await paginate(runtime.collection("held"), {}, sort=[("held_at", 1), ("_id", 1)], limit=limit, cursor=cursor)
    names = ("group", "key", "waits_for", "sentence", "held_at", "expires_at")
    items = [{"id": row["_id"]} | {name: row[name] for name in names} for row in page.items]
    return {"items": items, "next_cursor": page.next_cursor}
