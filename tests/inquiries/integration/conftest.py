"""One inquiries service as a process on real Kafka and MongoDB, and what tests do to it."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest_asyncio
from httpx import AsyncClient, Response

from shared.contracts.envelope import Envelope
from tests.support.eventually import eventually
from tests.support.processes import Process
from tests.support.stack import Stack
from tests.support.store import Store

Ticket = dict[str, Any]


@dataclass
class Desk:
    store: Store
    process: Process

    @property
    def http(self) -> AsyncClient:
        return self.process.http

    async def tell(self, *envelopes: Envelope) -> None:
        """As orders, catalog and channels do: each message to the topic of its kind."""
        topics: dict[str, list[Envelope]] = defaultdict(list)
        for envelope in envelopes:
            kind = "inbox" if envelope.sequence is None else "events"
            topics[f"{envelope.type.partition('.')[0]}.{kind}"].append(envelope)
        for topic, told in topics.items():
            await self.store.send(topic, told)

    async def open(self, id: str, **fields: Any) -> Response:
        body = {
            "inquiry_id": id,
            "channel": "web",
            "customer_id": "cus_1",
            "category": "order.delivery",
            "name": "Kim",
            "contact": "010-1234-5678",
            "text": "Where is my parcel?",
        }
        return await self.http.post("/inquiries", json=body | fields)

    async def read(self, id: str, **how: Any) -> Response:
        return await self.http.get(f"/inquiries/{id}", **how)

    async def ticket(self, id: str) -> Ticket:
        ticket: Ticket = (await self.read(id)).json()
        return ticket

    async def sees(self, id: str, what: Callable[[Ticket], object]) -> Ticket:
        """The ticket once it shows what is waited for."""

        async def look() -> Ticket | None:
            ticket = await self.ticket(id)
            assert what(ticket), ticket
            return ticket

        found = await eventually(look)
        assert found is not None
        return found


@pytest_asyncio.fixture(scope="session")
async def desk(stack: Stack) -> AsyncIterator[Desk]:
    async with Store(stack, INQUIRIES_LANGUAGE="en").opened() as store:
        yield Desk(store, await store.start("inquiries"))
