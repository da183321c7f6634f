"""Load while containers come and go: a data set at a steady pace, and customers who ask about its orders."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import uuid4

import httpx

from deploy.local.failure import StackFailure
from deploy.replay.demo.desk import Asked, Customer
from deploy.replay.inboxes import Inboxes
from deploy.replay.replay import Pace, send
from deploy.replay.source import Source

PATIENCE_SECONDS = 120
TOO_SOON = "The load ended before the containers were through, so nothing was proved; give a lower --rate."


class Steady(Pace):
    """So many messages per second until released, then as fast as possible."""

    def __init__(self, per_second: float) -> None:
        super().__init__()
        self._pause = 1 / per_second
        self._released = asyncio.Event()

    def release(self) -> None:
        self._released.set()

    async def wait_for(self, moment: datetime) -> None:
        if not self._released.is_set():
            await asyncio.sleep(self._pause)


class Askers:
    """Open a ticket each, one after the other. What is not acknowledged is asked again under the same key."""

    def __init__(self, client: httpx.AsyncClient, url: str, customers: Sequence[Customer]) -> None:
        self._client = client
        self._url = url
        self._customers = customers
        self.acknowledged: list[Asked] = []
        self.repeated = 0

    async def run(self, until: asyncio.Event, pause: float = 0.25) -> None:
        for customer in self._customers:
            if until.is_set():
                return
            self.acknowledged.append(Asked(await self._ask(customer), customer.order_id, waited=False))
            await asyncio.sleep(pause)
        raise StackFailure(TOO_SOON)

    async def _ask(self, customer: Customer) -> str:
        body = {"channel": "web", "text": "When will my order arrive?", **vars(customer)}
        headers = {"Idempotency-Key": str(uuid4())}
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (answer := await self._post(body, headers)) is None:
                self.repeated += 1
                await asyncio.sleep(0.5)
        if not answer.is_success:
            raise StackFailure(f"A ticket was answered {answer.status_code}: {answer.text}")
        return str(answer.json()["inquiry_id"])

    async def _post(self, body: Mapping[str, str], headers: Mapping[str, str]) -> httpx.Response | None:
        """None when nobody can say whether it was taken."""
        try:
            answer = await self._client.post(f"{self._url}/inquiries", json=body, headers=headers, timeout=30)
        except httpx.TransportError:
            return None
        return None if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else answer


@asynccontextmanager
async def under_load(source: Source, inboxes: Inboxes, askers: Askers, per_second: float) -> AsyncIterator[None]:
    """The body runs while messages and tickets come in; afterwards the rest of the messages, all acknowledged."""
    steady, over = Steady(per_second), asyncio.Event()
    try:
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(send(source.messages(), inboxes, steady, lambda _: None))
            tasks.create_task(askers.run(over))
            yield
            if sending.done():
                raise StackFailure(TOO_SOON)
            over.set()
            steady.release()
    except ExceptionGroup as group:
        raise group.exceptions[0] from group
