"""A store of its own with the four services as real processes, which whoever runs them starts again when they die."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC
from typing import Any
from uuid import uuid4

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata
from pymongo import MongoClient

from deploy.local.ports import SERVICES
from deploy.topics import create_topics, topics
from shared.contracts.envelope import Envelope, Headers, encode
from shared.runtime.decision import Document
from tests.faults.checking.collector import Observed, positions, take
from tests.faults.checking.layout import layout_of, the_services
from tests.faults.checking.snapshot import Snapshot, Source
from tests.support.eventually import eventually
from tests.support.processes import Process
from tests.support.stack import Stack

RESTART_SECONDS = 0.3
PATIENCE_SECONDS = 120.0
NOBODY = httpx.AsyncClient()


class Shop:
    def __init__(self, stack: Stack, seed: int, **environment: str) -> None:
        self.stack = stack
        self.prefix = f"m{uuid4().hex[:8]}-"
        self.layout = layout_of(the_services())
        self.observed = Observed()
        self.mongo: MongoClient[Document] = MongoClient(stack.mongo, tz_aware=True)
        self.running: dict[str, list[Process]] = {service: [] for service in SERVICES}
        self.ended: list[tuple[str, Process]] = []
        """Those that died or were stopped, with their service."""
        self.modules = {service: f"services.{service}.app" for service in SERVICES}
        self.chance = random.Random(seed)
        self.restarts = 0
        self._replacing = asyncio.Lock()
        self.producer = _producer(stack)
        self._environment = {
            "KAFKA_BOOTSTRAP_SERVERS": stack.kafka,
            "MONGODB_URI": stack.mongo,
            "TOPIC_PREFIX": self.prefix,
            **{f"{service.upper()}_SESSION_TIMEOUT_MS": "6000" for service in SERVICES},
            **environment,
        }
        self._wanted = topics(self.prefix)
        self._closing = asyncio.Event()
        self._ends: AIOKafkaConsumer | None = None

    # -- processes --------------------------------------------------------------------------------------------

    def start(self, service: str, failpoint: str = "", **environment: str) -> Process:
        given = {**self._environment, "SELLERDESK_FAILPOINT": failpoint, **environment}
        process = Process(self.modules[service], given, f"{service.upper()}_HTTP_PORT")
        self.running[service].append(process)
        return process

    async def stop(self, service: str, process: Process) -> int:
        """SIGTERM; nobody starts it again."""
        self._leave(service, process)
        return await process.stop()

    def _leave(self, service: str, process: Process) -> None:
        self.running[service].remove(process)
        self.ended.append((service, process))

    async def ready(self) -> None:
        """Once every process is, those included that are just being started again."""
        await eventually(self._all_are_ready, within=60)

    async def _all_are_ready(self) -> bool:
        processes = [process for some in self.running.values() for process in some]
        if any(process.returncode is not None for process in processes):
            return False
        return all(await asyncio.gather(*(process.is_ready() for process in processes)))

    async def _start_again(self) -> None:
        """What a supervisor does: who died is started anew, without a failpoint."""
        while not self._closing.is_set():
            for service, some in self.running.items():
                for process in [one for one in some if one.returncode is not None]:
                    self._leave(service, process)
                    self.start(service)
                    self.restarts += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), RESTART_SECONDS)

    async def _stop_all(self) -> list[str]:
        """SIGTERM to everybody; who did not end well."""
        self._closing.set()
        leaving = [(service, process) for service, some in self.running.items() for process in list(some)]
        codes = await asyncio.gather(*(self.stop(*one) for one in leaving), return_exceptions=True)
        return [
            f"{service} ended with {code!r}: {process.output[-2000:]}"
            for (service, process), code in zip(leaving, codes, strict=True)
            if code != 0
        ]

    # -- talking to it ----------------------------------------------------------------------------------------

    def http(self, service: str) -> httpx.AsyncClient:
        """Of any of its processes."""
        live = [process for process in self.running[service] if process.returncode is None]
        return self.chance.choice(live).http if live else NOBODY

    async def send(self, topic: str, envelopes: Iterable[Envelope]) -> None:
        """Returns when Kafka has them all; again from the first one after an outage, as a careful sender does."""
        records = [encode(envelope) for envelope in envelopes]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            producer = self.producer
            try:
                await _send_all(producer, self.prefix + topic, records)
                return
            except (KafkaError, TimeoutError, asyncio.InvalidStateError):
                if time.monotonic() > deadline:
                    raise
                await self._replace(producer)

    async def _replace(self, dead: AIOKafkaProducer) -> None:
        """One that lived through an outage may be dead for good, and its stop may hang."""
        async with self._replacing:
            if self.producer is not dead:
                return
            with suppress(KafkaError, TimeoutError):
                await asyncio.wait_for(dead.stop(), 2)
            fresh = _producer(self.stack)
            try:
                await asyncio.wait_for(fresh.start(), 10)
                self.producer = fresh
            except (KafkaError, TimeoutError, OSError):
                await fresh.stop()
                await asyncio.sleep(0.5)

    async def send_record(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers, partition: int
    ) -> RecordMetadata:
        return await self.producer.send_and_wait(
            self.prefix + topic, value, key, partition=partition, headers=list(headers)
        )

    # -- looking at it ----------------------------------------------------------------------------------------

    def database(self, service: str) -> Any:
        return self.mongo[self.prefix + service]

    async def positions(self) -> dict[Source, int]:
        return await asyncio.to_thread(positions, self.mongo, self.prefix, self.layout)

    async def lag(self) -> dict[Source, int]:
        """Records that are there and not yet applied."""
        ends = await self._log_ends()
        stored = await self.positions()
        sources = [(t.group, topic, n) for _, t in self.layout.groups() for topic in t.topics for n in range(6)]
        behind = {source: ends[source[1:]] - stored.get(source, 0) for source in sources}
        return {source: records for source, records in behind.items() if records > 0}

    async def _log_ends(self) -> Mapping[tuple[str, int], int]:
        assert self._ends is not None
        partitions = [TopicPartition(topic.name, n) for topic in self._wanted for n in range(6)]
        ends = await asyncio.wait_for(self._ends.end_offsets(partitions), 10)
        return {(tp.topic.removeprefix(self.prefix), tp.partition): end for tp, end in ends.items()}

    def count(self, service: str, collection: str) -> int:
        return int(self.database(service)[collection].count_documents({}))

    async def busy_with(self) -> str:
        """What keeps the store from being quiet; empty when nothing does."""
        behind = await self.lag()
        if behind:
            return f"not read yet: {behind}"
        unsent = {service: n for service in SERVICES if (n := self.count(service, "outbox"))}
        return f"not published yet: {unsent}" if unsent else ""

    async def quiet(self, within: float = 60.0) -> str:
        """Wait until nothing is under way any more; what still is when the time is over."""
        deadline, looks, busy = time.monotonic() + within, 0, ""
        while looks < 3:
            with suppress(Exception):
                busy = await self.busy_with()
                looks = looks + 1 if not busy else 0
            if time.monotonic() > deadline:
                return busy or "it cannot be told whether it is quiet"
            await asyncio.sleep(0.1)
        return ""

    async def snapshot(self) -> tuple[Snapshot, list[str]]:
        """Once everybody has stopped; and who did not stop well."""
        complaints = await self._stop_all()
        with suppress(AssertionError):
            await eventually(self._nobody_holds_anything, within=15)
        return await take(self.stack, self.mongo, self.prefix, self.layout, self.observed), complaints

    async def _nobody_holds_anything(self) -> bool:
        """What a killed process held ends by itself, soon."""
        status = self.mongo.admin.command("serverStatus")
        now = status["localTime"].replace(tzinfo=UTC)
        held = {"owner": {"$exists": True}, "until": {"$gt": now}}
        leases = sum(self.database(service)["leases"].count_documents(held) for service in SERVICES)
        return not status["transactions"]["currentOpen"] and not leases

    # -- life -------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Shop"]:
        await create_topics(self.stack.kafka, self._wanted)
        self._ends = AIOKafkaConsumer(bootstrap_servers=self.stack.kafka)
        await asyncio.gather(self.producer.start(), self._ends.start())
        keeper = asyncio.create_task(self._start_again())
        try:
            yield self
        finally:
            self._closing.set()
            await keeper
            await self._forget()

    async def _forget(self) -> None:
        living = [process for some in self.running.values() for process in some]
        await asyncio.gather(*(process.end() for process in (*living, *(one for _, one in self.ended))))
        assert self._ends is not None
        await asyncio.gather(self.producer.stop(), self._ends.stop())
        for service in SERVICES:
            self.mongo.drop_database(self.prefix + service)
        self.mongo.close()
        admin = AIOKafkaAdminClient(bootstrap_servers=self.stack.kafka)
        await admin.start()
        try:
            await admin.delete_topics([topic.name for topic in self._wanted])
        finally:
            await admin.close()


def _producer(stack: Stack) -> AIOKafkaProducer:
    return AIOKafkaProducer(
        bootstrap_servers=stack.kafka, acks="all", enable_idempotence=True, max_request_size=4_000_000
    )


async def _send_all(producer: AIOKafkaProducer, topic: str, records: Iterable[tuple[bytes, bytes, Headers]]) -> None:
    async with asyncio.timeout(15):
        sent = [await producer.send(topic, value, key, headers=headers) for key, value, headers in records]
    done, pending = await asyncio.wait(sent, timeout=15) if sent else (set(), set())
    if pending:
        raise TimeoutError
    for one in done:
        one.result()
