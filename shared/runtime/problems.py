"""Errors over HTTP as RFC 9457 problem details, in one place. Routes never catch."""

from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from pymongo.errors import PyMongoError
from starlette.exceptions import HTTPException

from shared.runtime.decision import Invalid, Refusal, Unknown
from shared.runtime.errors import BadRequest, Busy, NotFound, Paused
from shared.runtime.mongo import Unavailable
from shared.runtime.revision import PreconditionRequired, StaleRevision

log = structlog.get_logger(__name__)
STATUS: dict[type[Refusal], int] = {
    Unknown: 404,
    Invalid: 422,
    PreconditionRequired: 428,
    StaleRevision: 412,
    Refusal: 409,
}
TITLES = {
    400: "Bad request",
    404: "Not found",
    405: "Method not allowed",
    409: "Refused",
    412: "Edited meanwhile",
    413: "Too large",
    415: "Unsupported",
    422: "Invalid",
    428: "If-Match required",
    500: "Internal error",
    503: "Unavailable",
}


def problem(
    status: int,
    detail: str,
    *,
    errors: Sequence[dict[str, str]] = (),
    allowed: Sequence[str] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = list(errors)
    if allowed is not None:
        body["allowed"] = list(allowed)
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def refusal_problem(refusal: Refusal) -> JSONResponse:
    status = next(code for kind, code in STATUS.items() if isinstance(refusal, kind))
    errors = [{"field": field, "detail": sentence} for field, sentence in refusal.fields.items()]
    return problem(status, refusal.sentence, errors=errors, allowed=refusal.allowed if status == 409 else None)


def invalid_problem(errors: Iterable[Any]) -> JSONResponse:
    fields = []
    for error in errors:
        place = [str(part) for part in error["loc"] if part not in ("body", "query", "path", "header")]
        fields.append({"field": ".".join(place) or "body", "detail": error["msg"]})
    return problem(422, "; ".join(f"{f['field']}: {f['detail']}" for f in fields)[:2000], errors=fields)


def install(app: FastAPI) -> None:
    """Register every mapping from an exception to a problem."""

    @app.exception_handler(RequestValidationError)
    async def _(request: Request, error: RequestValidationError) -> JSONResponse:
        return invalid_problem(error.errors())

    @app.exception_handler(ValidationError)
    async def _(request: Request, error: ValidationError) -> JSONResponse:
        return invalid_problem(error.errors(include_input=False, include_url=False, include_context=False))

    @app.exception_handler(Refusal)
    async def _(request: Request, error: Refusal) -> JSONResponse:
        return refusal_problem(error)

    @app.exception_handler(NotFound)
    async def _(request: Request, error: NotFound) -> JSONResponse:
        return problem(404, str(error))

    @app.exception_handler(BadRequest)
    async def _(request: Request, error: BadRequest) -> JSONResponse:
        return problem(400, str(error))

    @app.exception_handler(Paused)
    async def _(request: Request, error: Paused) -> JSONResponse:
        return problem(409, str(error))

    @app.exception_handler(HTTPException)
    async def _(request: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, str(error.detail), headers=dict(error.headers or {}))

    async def unavailable(request: Request, error: Exception) -> JSONResponse:
        log.warning("request refused for now", path=request.url.path, error=str(error))
        return problem(503, "not available right now, try again", headers={"Retry-After": "2"})

    for kind in (Unavailable, PyMongoError, Busy):
        app.add_exception_handler(kind, unavailable)

    @app.exception_handler(Exception)
    async def _(request: Request, error: Exception) -> JSONResponse:
        log.error("request failed", path=request.url.path, exc_info=error)
        return problem(500, "the request failed inside the service; it is logged")
