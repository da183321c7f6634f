"""A file as commands: a large one does not fill the outbox beyond its bound."""

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


async def test_a_file_is_given_up_when_the_outbox_is_full_meanwhile() -> None:
    runtime = ServiceRuntime("bank", ServiceSettings(), [BANK], [ACCOUNT], {})
    rows = (Skipped(row=row) for row in range(2 * AT_ONCE))
    lines = aiter(row_by_row(Request({"type": "http"}), runtime, rows, 2 * AT_ONCE).body_iterator)
    runtime.backlog.events = runtime.settings.outbox_limit - 1
    assert [await anext(lines) for _ in range(AT_ONCE)][-1] == f'{{"row":{AT_ONCE - 1}}}\n'
    runtime.backlog.events = runtime.settings.outbox_limit
    with pytest.raises(Busy):
        await anext(lines)
