"""HTTP of the import: a file in, a line of JSON per row out while it is worked on."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException

from services.catalog.importing import ProductFile, imported
from services.catalog.settings import Settings
from shared.runtime.http import Caller, Runtime
from shared.runtime.problems import Busy

router = APIRouter()
MAX_BYTES = 20_000_000
CSV, JSON_LINES = "text/csv", "application/jsonl"
TYPES = {CSV: CSV, JSON_LINES: JSON_LINES, "application/x-ndjson": JSON_LINES}
A_FILE: dict[str, Any] = {
    "requestBody": {"required": True, "content": {name: {"schema": {"type": "string"}} for name in TYPES}}
}


@router.post("/products/import", response_class=StreamingResponse, openapi_extra=A_FILE)
async def import_products(request: Request, runtime: Runtime, actor: Caller) -> StreamingResponse:
    """Register what is new, edit what is known; a row that is refused stops no other.

    CSV (UTF-8 or CP949): product_id is needed, name and list_price for a new product; an empty cell leaves things as
    they are. One row per option; an option that the file leaves out stays. Amounts are in minor units. JSON Lines: a
    product per line, as for POST /products. `stock` counts for new options only. Answers a JSON line per row; the
    header X-Rows says how many there are.
    """
    content_type = TYPES.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())
    if content_type is None:
        raise HTTPException(415, f"send {' or '.join(TYPES)}")
    if runtime.outbox_full:
        raise Busy("the outbox is full")
    settings = runtime.settings
    assert isinstance(settings, Settings)
    read = partial(ProductFile, await _content(request), csv=content_type == CSV, settings=settings)
    file = await asyncio.to_thread(read)

    async def lines() -> AsyncIterator[str]:
        async for result in imported(request, runtime, file):
            yield result.model_dump_json() + "\n"

    return StreamingResponse(lines(), media_type=JSON_LINES, headers={"X-Rows": str(file.rows)})


async def _content(request: Request) -> bytes:
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MAX_BYTES:
            raise HTTPException(413, f"the file is larger than {MAX_BYTES:,} bytes; import it in parts")
    return bytes(content)
