"""A store for one part of the bench: topics and databases of its own, and services as processes."""

import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from deploy.replay.watch import session, until_quiet
from shared.contracts.envelope import Envelope
from tests.support.processes import Process
from tests.support.stack import Stack
from tests.support.store import Store

IN_FLIGHT = 2_000
SERVICES = ("catalog", "orders", "inquiries", "analytics")


class Place:
    def __init__(self, store: Store, kafka: str) -> None:
        self.store = store
        self._kafka = kafka
        self.services: dict[str, Process] = {}

    @property
    def urls(self) -> Mapping[str, str]:
        return {name: process.url for name, process in self.services.items()}

    @property
    def environment(self) -> Mapping[str, str]:
        """Of a command that works on this store."""
        urls = {f"{name.upper()}_URL": url for name, url in self.urls.items()}
        return {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": self._kafka, "TOPIC_PREFIX": self.store.prefix, **urls}

    async def start(self, *services: str) -> None:
        for service in services:
            self.services[service] = await self.store.start(service)

    async def send(self, topic: str, envelopes: Iterable[Envelope]) -> None:
        some: list[Envelope] = []
        for envelope in envelopes:
            some.append(envelope)
            if len(some) == IN_FLIGHT:
                await self.store.send(topic, some)
                some = []
        await self.store.send(topic, some)

    async def quiet(self) -> None:
        """Until nothing is left to read or to publish."""
        async with session() as client:
            await until_quiet(client, self.urls)


@asynccontextmanager
async def place(stack: Stack, environment: Mapping[str, str] | None = None) -> AsyncIterator[Place]:
    async with Store(stack, **(environment or {})).opened() as store:
        yield Place(store, stack.kafka)
