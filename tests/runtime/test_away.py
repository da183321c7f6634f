"""What readiness says while a broker is away: which, where it was looked for, and what to do. Nobody listens there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
import pytest

from shared.runtime.service import build_app
from tests.faults.bank_service import build
from tests.runtime.bank import BankSettings
from tests.support.eventually import eventually
from tests.support.stack import Stack

NOBODY = "127.0.0.1:1"
KAFKA_IS_AWAY = f"Kafka does not answer at {NOBODY}: start it, or name where it is in KAFKA_BOOTSTRAP_SERVERS"
MONGODB_IS_AWAY = f"MongoDB does not answer at {NOBODY}: start it, or name where it is in MONGODB_URI"


@asynccontextmanager
async def started(mongodb_uri: str) -> AsyncIterator[httpx.AsyncClient]:
    app = build_app(
        build(BankSettings(kafka_bootstrap_servers=NOBODY, mongodb_uri=mongodb_uri, topic_prefix=uuid4().hex[:8]))
    )
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://bank") as client,
    ):
        yield client


async def reasons(client: httpx.AsyncClient) -> list[str]:
    found: list[str] = (await client.get("/health/ready")).json()["reasons"]
    return found


async def test_mongodb_is_named_without_its_password() -> None:
    async with started(f"mongodb://store:secret@{NOBODY}/?replicaSet=rs0") as client:

        async def says_it() -> bool:
            return f"waiting: {MONGODB_IS_AWAY}" in await reasons(client)

        await eventually(says_it)
        assert "secret" not in str(await reasons(client))


@pytest.mark.stack
async def test_kafka_is_named_by_who_reads_and_by_who_publishes(stack: Stack) -> None:
    async with started(stack.mongo) as client:

        async def says_it() -> bool:
            await client.post("/accounts", json={"account_id": "a", "owner": "ada"})
            return {f"waiting: {KAFKA_IS_AWAY}", f"events are not published: {KAFKA_IS_AWAY}"} <= set(
                await reasons(client)
            )

        await eventually(says_it)
