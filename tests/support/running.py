"""Services as processes of their own on the real stack, each test in topics and databases of its own."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any, TypeVar
from uuid import uuid4

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from pymongo import MongoClient

from deploy.local.ports import free_ports
from deploy.topics import PARTITIONS, create_topics, topics
from shared.contracts.envelope import Envelope, decode, encode
from tests.support.stack import Stack

T = TypeVar("T")


async def eventually(look: Callable[[], Awaitable[T]], *, within: float = 30.0) -> T:
    """What `look` finds once it finds something and raises nothing."""
    deadline = time.monotonic() + within
    while True:
        try:
            if found := await look():
                return found
            reason: object = found
        except (AssertionError, httpx.HTTPError) as error:
            reason = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {reason!r}")
        await asyncio.sleep(0.05)


class Process:
    """One process of a service."""

    def __init__(self, service: str, environment: dict[str, str]) -> None:
        port = free_ports()["catalog"]
        self.url = f"http://127.0.0.1:{port}"
        self.http = httpx.AsyncClient(base_url=self.url, timeout=30)
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `end`)
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"services.{service}.app"],
            env={**os.environ, **environment, f"{service.upper()}_HTTP_PORT": str(port)},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=Path(__file__).parents[2],
        )

    async def is_ready(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(f"the service ended with {self.process.returncode}: {self.log()[-3000:]}")
        return (await self.http.get("/health/ready")).is_success

    def log(self) -> str:
        self._log.seek(0)
        return self._log.read().decode()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    async def end(self) -> None:
        await self.http.aclose()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                await asyncio.to_thread(self.process.wait, 25)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise
            assert self.process.returncode == 0, self.log()[-3000:]
        self._log.close()


class Store:
    """A store of its own on the stack: topics, databases and whatever services a test starts."""

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
        process = Process(service, {**self._environment, **environment})
        self._processes.append(process)
        await eventually(process.is_ready, within=60)
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
        consumer = AIOKafkaConsumer(bootstrap_servers=self._stack.kafka, auto_offset_reset="earliest")
        await consumer.start()
        try:
            partitions = [TopicPartition(self.prefix + topic, n) for n in range(PARTITIONS)]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            ends = await consumer.end_offsets(partitions)
            found: list[Envelope] = []
            while any([await consumer.position(tp) < ends[tp] for tp in partitions]):
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    found += [decode(record.key, record.value, record.headers) for record in records]
            return found
        finally:
            await consumer.stop()

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
                    await process.end()
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
