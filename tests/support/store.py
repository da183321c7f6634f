"""A store on the real stack for one test: topics and databases of its own, and its services as processes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from pymongo import MongoClient

from deploy.topics import create_topics, topics
from shared.contracts.envelope import Envelope, decode, encode
from tests.support.kafka import read_all
from tests.support.processes import Process
from tests.support.stack import Stack


class Store:
    def __init__(self, stack: Stack, **environment: str) -> None:
        self.prefix = f"t{uuid4().hex[:8]}-"
        self._stack = stack
        self._processes: list[Process] = []
        self._environment = {
            "KAFKA_BOOTSTRAP_SERVERS": stack.kafka,
            "MONGODB_URI": stack.mongo,
            "TOPIC_PREFIX": self.prefix,
            **environment,
        }
        self._mongo: MongoClient[dict[str, Any]] = MongoClient(stack.mongo)
        self._producer = AIOKafkaProducer(bootstrap_servers=stack.kafka, linger_ms=5, max_request_size=4_000_000)

    async def start(self, service: str, **environment: str) -> Process:
        given = {**self._environment, **environment}
        process = Process(f"services.{service}.app", given, f"{service.upper()}_HTTP_PORT")
        self._processes.append(process)
        await process.ready(within=60)
        return process

    def database(self, service: str) -> Any:
        return self._mongo[self.prefix + service]

    async def send(self, topic: str, envelopes: Iterable[Envelope]) -> None:
        await asyncio.gather(*[await self.post(topic, envelope) for envelope in envelopes])

    async def post(self, topic: str, envelope: Envelope) -> Awaitable[Any]:
        """Hand it to the producer; what comes back is done once Kafka has it."""
        key, value, headers = encode(envelope)
        acknowledged: Awaitable[Any] = await self._producer.send(self.prefix + topic, value, key, headers=headers)
        return acknowledged

    async def read(self, topic: str) -> list[Envelope]:
        """Everything in the topic, per partition in its order."""
        records = await read_all(self._stack.kafka, self.prefix + topic)
        return [decode(record.key, record.value, record.headers) for record in records]

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Store"]:
        wanted = topics(self.prefix)
        await create_topics(self._stack.kafka, wanted)
        await self._producer.start()
        try:
            yield self
        finally:
            try:
                for process in self._processes:
                    await _end(process)
            finally:
                await self._producer.stop()
                await self._forget([topic.name for topic in wanted])

    async def _forget(self, names: list[str]) -> None:
        for name in self._mongo.list_database_names():
            if name.startswith(self.prefix):
                self._mongo.drop_database(name)
        self._mongo.close()
        admin = AIOKafkaAdminClient(bootstrap_servers=self._stack.kafka)
        await admin.start()
        try:
            await admin.delete_topics(names)
        finally:
            await admin.close()


async def _end(process: Process) -> None:
    """Whatever still runs has to end well."""
    try:
        if process.returncode is None:
            assert await process.stop(within=25) == 0, process.output[-3000:]
    finally:
        await process.end()
