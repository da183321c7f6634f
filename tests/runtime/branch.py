"""The toy bank inside the test's process, restarted as often as a test likes on the same topics and database."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI

from shared.contracts.base import Message
from shared.runtime.mongo import Database
from shared.runtime.service import build_app
from tests.faults.bank_service import build
from tests.runtime.bank import BankSettings
from tests.support.eventually import eventually
from tests.support.kafka import create_topics, producer, send
from tests.support.memory import message_envelope
from tests.support.stack import Stack


class Branch:
    """One running process's worth of the bank, in this process."""

    def __init__(self, app: FastAPI, http: httpx.AsyncClient) -> None:
        self.http = http
        self.runtime = app.state.runtime

    async def tell(self, messages: Iterable[Message]) -> None:
        """Send each as a message of its own; returns once all are read."""
        settings = self.runtime.settings
        envelopes = [message_envelope(message, id=uuid4().hex) for message in messages]
        known = await self._read()
        async with producer(settings.kafka_bootstrap_servers) as client:
            await send(client, f"{settings.topic_prefix}bank.inbox", envelopes)

        async def are_read() -> bool:
            return await self._read() >= known + len(envelopes)

        await eventually(are_read)

    async def _read(self) -> int:
        return sum(sum(row.get("counts", {}).values()) for row in await self.rows("offsets", group="bank"))

    async def rows(self, collection: str, **filter: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await self.runtime.collection(collection).find(filter).to_list(None)
        return rows

    async def update(self, collection: str, change: dict[str, Any]) -> None:
        await self.runtime.collection(collection).update_many({}, change)

    async def parked(self, **filter: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.http.get("/ops/parked", params=filter)).json()["items"]
        return items

    async def post(self, what: str, key: str, actor: str = "operator:7f3a", **records: Any) -> dict[str, Any]:
        wanted = {"group": "bank", "key": key, **records}
        answer = await self.http.post(f"/ops/parked/{what}", json=wanted, headers={"X-Actor": actor})
        assert answer.is_success, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def account(self, id: str) -> tuple[str, int]:
        body = (await self.http.get(f"/accounts/{id}")).json()
        return body["owner"], body["balance"]

    async def opens(self, id: str) -> None:
        """By a command."""
        assert (await self.http.post("/accounts", json={"account_id": id, "owner": "o"})).status_code == 201

    async def has_told_all(self) -> bool:
        return await self.rows("outbox") == []

    async def is_ready(self) -> bool:
        return (await self.http.get("/health/ready")).is_success

    async def reasons(self) -> str:
        return " ".join((await self.http.get("/health/ready")).json()["reasons"])

    async def warnings(self) -> list[str]:
        warnings: list[str] = (await self.http.get("/health/ready")).json()["warnings"]
        return warnings


Open = Callable[..., AbstractAsyncContextManager[Branch]]


@asynccontextmanager
async def branches(stack: Stack) -> AsyncIterator[Open]:
    """Starts the bank, again on the same topics and database with other settings: a deployment."""
    prefix = f"p{uuid4().hex[:8]}-"
    await create_topics(stack.kafka, [f"{prefix}bank.{name}" for name in ("inbox", "events", "rejected")])

    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[Branch]:
        where = {"kafka_bootstrap_servers": stack.kafka, "mongodb_uri": stack.mongo, "topic_prefix": prefix}
        app = build_app(build(BankSettings(**{**where, **settings})))
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://bank") as http,
        ):
            branch = Branch(app, http)
            await eventually(branch.is_ready)
            yield branch

    yield opened
    database = Database(stack.mongo, f"{prefix}bank")
    await database.drop()
    database.close()
