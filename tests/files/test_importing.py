"""A file as commands: a large one does not fill the outbox beyond its bound, nor stop what else the process does."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from fastapi import Request
from pydantic import BaseModel

from shared.files.importing import AT_ONCE, row_by_row
from shared.runtime.errors import Busy
from shared.runtime.service_runtime import ServiceRuntime
from shared.runtime.settings import ServiceSettings
from tests.runtime.bank import ACCOUNT, BANK


class Skipped(BaseModel):
    row: int


@pytest.fixture
async def runtime() -> ServiceRuntime:
    return ServiceRuntime("bank", ServiceSettings(), [BANK], [ACCOUNT], {})


async def test_a_file_is_given_up_when_the_outbox_is_full_meanwhile(runtime: ServiceRuntime) -> None:
    rows = (Skipped(row=row) for row in range(2 * AT_ONCE))
    lines = aiter(row_by_row(Request({"type": "http"}), runtime, rows, 2 * AT_ONCE).body_iterator)
    runtime.backlog.events = runtime.settings.outbox_limit - 1
    assert [await anext(lines) for _ in range(AT_ONCE)][-1] == f'{{"row":{AT_ONCE - 1}}}\n'
    runtime.backlog.events = runtime.settings.outbox_limit
    with pytest.raises(Busy):
        await anext(lines)


async def test_the_loop_goes_on_while_rows_are_read(runtime: ServiceRuntime) -> None:
    went_on = threading.Event()

    def rows() -> Iterator[Skipped]:
        assert went_on.wait(5)
        yield Skipped(row=1)

    asyncio.get_running_loop().call_soon(went_on.set)
    lines = row_by_row(Request({"type": "http"}), runtime, rows(), 1).body_iterator
    assert [line async for line in lines] == ['{"row":1}\n']
