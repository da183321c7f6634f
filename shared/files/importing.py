"""A file as commands: fifty in a transaction, each decided for itself, and a line of JSON per row out meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from fastapi import Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from shared.contracts.base import InboxMessage
from shared.files.over_http import JSON_LINES
from shared.runtime.bulk import Outcome, decide_each
from shared.runtime.errors import Busy
from shared.runtime.http import incoming_of
from shared.runtime.service_runtime import ServiceRuntime

AT_ONCE = 50


class Command(NamedTuple):
    message: InboxMessage
    results: Callable[[Outcome], Iterable[BaseModel]]
    """Of the rows that the message was made from."""


Told = Command | BaseModel
"""What rows ask for, or the result of a row that asks for nothing."""


def row_by_row(request: Request, runtime: ServiceRuntime, told: Iterator[Told], rows: int) -> StreamingResponse:
    """The header X-Rows says how many results there will be. What was answered is stored; an answer that breaks off was
    given up, and the same file again goes on. told: read in a thread, as it is asked for."""

    async def lines() -> AsyncIterator[str]:
        while batch := await asyncio.to_thread(list, islice(told, AT_ONCE)):
            if runtime.backlog.outbox_full:
                raise Busy("the outbox is full")
            messages = [one.message for one in batch if isinstance(one, Command)]
            commands = [incoming_of(request, runtime, m, getattr(m, m.subject_field)) for m in messages]
            outcomes = iter(await decide_each(runtime, commands))
            for one in batch:
                results = one.results(next(outcomes)) if isinstance(one, Command) else [one]
                yield "".join(f"{result.model_dump_json()}\n" for result in results)

    return StreamingResponse(lines(), media_type=JSON_LINES, headers={"X-Rows": str(rows)})
