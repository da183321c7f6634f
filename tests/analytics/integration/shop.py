"""Analytics as it runs: real Kafka and MongoDB, its own topics and database, its HTTP."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from services.analytics.app import build
from services.analytics.projections import GROUP
from services.analytics.settings import Settings
from shared.contracts.envelope import Envelope
from shared.runtime.mongo import Database
from shared.runtime.service import build_app
from shared.runtime.service_runtime import ServiceRuntime
from tests.support.eventually import eventually
from tests.support.kafka import create_topics, producer, send
from tests.support.stack import Stack


@dataclass
class Shop:
    settings: Settings
    runtime: ServiceRuntime
    http: httpx.AsyncClient
    told: int = 0

    async def tell(self, events: Iterable[Envelope]) -> None:
        events = list(events)
        self.told += len(events)
        async with producer(self.settings.kafka_bootstrap_servers) as client:
            await send(client, f"{self.settings.topic_prefix}orders.events", events)

    async def caught_up(self) -> None:
        """Everything told so far is in the books."""

        async def counted() -> bool:
            rows = await self.runtime.collection("offsets").find().to_list(None)
            return sum(sum(row.get("counts", {}).values()) for row in rows) == self.told

        await eventually(counted, within=60)

    async def is_shared(self) -> bool:
        """Whether two processes share the partitions."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.settings.kafka_bootstrap_servers)
        await admin.start()
        try:
            try:
                [answer] = await admin.describe_consumer_groups([f"{self.settings.topic_prefix}{GROUP}"])
            except GroupCoordinatorNotAvailableError:
                return False
            _, _, state, _, _, members, *_ = answer.groups[0]
            return state == "Stable" and len(members) == 2
        finally:
            await admin.close()

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def reconciled(self) -> Any:
        result = await self.get("/reconcile")
        assert result["ok"], result["differences"]
        return result


@asynccontextmanager
async def open_shop(stack: Stack) -> AsyncIterator[Shop]:
    settings = Settings(
        kafka_bootstrap_servers=stack.kafka, mongodb_uri=stack.mongo, topic_prefix=f"t{uuid4().hex[:8]}-"
    )
    await create_topics(stack.kafka, [f"{settings.topic_prefix}orders.events"])
    async with a_process(settings) as shop:
        yield shop
    database = Database(settings.mongodb_uri, shop.runtime.database.name)
    await database.drop()
    database.close()


@asynccontextmanager
async def a_process(settings: Settings) -> AsyncIterator[Shop]:
    """One more of the service, as another process would run it."""
    app = build_app(build(settings))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://x") as http:
        yield Shop(settings, app.state.runtime, http)
