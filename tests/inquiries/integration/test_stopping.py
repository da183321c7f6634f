"""A reader who waits for news neither holds up the end of the service nor is cut off by it."""

import asyncio
import signal
import time

import pytest

from tests.support.stack import Stack
from tests.support.store import Store

pytestmark = pytest.mark.stack


async def test_a_live_reader_is_answered_when_the_service_stops(stack: Stack) -> None:
    async with Store(stack).opened() as store:
        process = await store.start("inquiries")
        await process.http.post("/inquiries", json={"inquiry_id": "inq_1", "channel": "web", "text": "Hello"})
        known = (await process.http.get("/inquiries/inq_1")).headers["ETag"]
        live = process.http.get("/inquiries/inq_1", params={"wait": 30}, headers={"If-None-Match": known})
        reader = asyncio.create_task(live)
        answered, _ = await asyncio.wait({reader}, timeout=0.5)
        assert not answered
        started = time.monotonic()
        process.send(signal.SIGTERM)
        assert (await reader).status_code == 304
        assert time.monotonic() - started < 3
        assert await process.ends() == 0
