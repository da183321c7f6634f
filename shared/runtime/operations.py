"""What every service answers beside its own routes: health, metrics and status, parked and held records."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.runtime import waiting_routes
from shared.runtime.http import Runtime

router = APIRouter(tags=["operations"])
router.include_router(waiting_routes.router)


@router.get("/health/live")
async def live(runtime: Runtime) -> Response:
    """The process answers; whether it can work is what `ready` says."""
    return PlainTextResponse("live")


@router.get("/health/ready")
async def ready(runtime: Runtime) -> Response:
    """Consumers progress and the outbox drains; else 503 with every reason. Warnings name bounds that are near."""
    reasons = runtime.troubles()
    body = {"ready": not reasons, "reasons": reasons, "warnings": runtime.backlog.warnings()}
    return JSONResponse(body, 503 if reasons else 200)


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """FastAPI's own page names the document by its absolute path, which a gateway in front has moved."""
    return get_swagger_ui_html(openapi_url="openapi.json", title=request.app.title)


@router.get("/metrics")
async def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@router.get("/ops/status")
async def status(runtime: Runtime) -> dict[str, Any]:
    """Lag per partition, the outbox, held and parked records, and what of it is a trouble or soon will be."""
    settings, backlog = runtime.settings, runtime.backlog
    await backlog.count()
    return {
        "service": runtime.service,
        "store": {"currency": settings.store_currency, "timezone": settings.store_timezone},
        "ready": not runtime.troubles(),
        "reasons": runtime.troubles(),
        "warnings": backlog.warnings(),
        "consumers": await backlog.standing(),
        "outbox": {"rows": backlog.events, "oldest_seconds": round(backlog.oldest_seconds, 3)},
        "held": backlog.held,
        "parked": backlog.parked,
        "queued_keys": backlog.queued_keys,
    }
