"""Files over HTTP: what a request brings, and a CSV out while it is read."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import aclosing
from typing import Any

from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException

from shared.files.writing import MARK, Cells, csv_text
from shared.runtime.decision import Document
from shared.runtime.errors import Busy
from shared.runtime.mongo import Collection as Documents
from shared.runtime.service_runtime import ServiceRuntime

CSV, JSON_LINES = "text/csv", "application/jsonl"
MAX_BYTES = 20_000_000
AT_ONCE = 50
"""Documents that a download holds at a time."""
A_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {CSV: {"schema": {"type": "string"}}}}}


def a_file(types: Iterable[str]) -> dict[str, Any]:
    """How the API describes a body that is one."""
    content = {name: {"schema": {"type": "string"}} for name in types}
    return {"requestBody": {"required": True, "content": content}}


async def content_of(request: Request, runtime: ServiceRuntime, types: Collection[str]) -> tuple[str, bytes]:
    """The type of the file in the body, and what is in it."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in types:
        raise HTTPException(415, f"send {' or '.join(types)}")
    if runtime.backlog.outbox_full:
        raise Busy("the outbox is full")
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MAX_BYTES:
            raise HTTPException(413, f"the file is larger than {MAX_BYTES:,} bytes; import it in parts")
    return content_type, bytes(content)


async def download(
    name: str,
    columns: Sequence[str],
    rows_of: Callable[[Document], Iterable[Cells]],
    documents: Documents,
    wanted: Document,
    sort: Sequence[tuple[str, int]],
) -> StreamingResponse:
    """A CSV of what is wanted. What fails before its first rows are read is answered as everywhere."""
    found = _batches(documents, wanted, sort)
    first: list[Document] = await anext(found, [])

    async def text() -> AsyncIterator[str]:
        async with aclosing(found):
            yield MARK + csv_text([columns, *(row for document in first for row in rows_of(document))])
            async for batch in found:
                yield csv_text(row for document in batch for row in rows_of(document))

    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(text(), media_type=CSV, headers=headers)


async def _batches(
    documents: Documents, wanted: Document, sort: Sequence[tuple[str, int]]
) -> AsyncGenerator[list[Document], None]:
    cursor = documents.find(wanted, batch_size=AT_ONCE).sort(list(sort))
    try:
        while batch := await cursor.to_list(AT_ONCE):
            yield batch
    finally:
        await cursor.close()
