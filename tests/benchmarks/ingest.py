"""Order events into ledger and rollups: analytics, beside what one would write without the runtime.

All read the same topic from its start, one after the other, each into a database of its own.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any
from uuid import uuid4

from pymongo import MongoClient

from deploy.topics import Topic, create_topics
from tests.benchmarks.baskets import STORE, order_events, produce
from tests.benchmarks.figures import Figure, Goal
from tests.benchmarks.measuring import Run, records_taken, work_off
from tests.benchmarks.options import Options
from tests.support.processes import Process
from tests.support.stack import Stack

TIMES_NAIVE, TIMES_CAREFUL = 20.0, 1.2
NAIVE_SECONDS = 20.0


@dataclass(frozen=True)
class Books:
    """What a contender has written, to see that all did the same work."""

    rows: int
    net: int
    reversed: int

    @classmethod
    def of(cls, database: Any) -> "Books":
        sums = {"rows": {"$sum": 1}, "net": {"$sum": "$net_amount"}, "reversed": {"$sum": {"$min": ["$net_amount", 0]}}}
        found = list(database["ledger"].aggregate([{"$group": {"_id": None, **sums}}]))
        return cls(found[0]["rows"], found[0]["net"], found[0]["reversed"])


async def run(stack: Stack, options: Options) -> list[Figure]:
    ground = await Ground.prepared(stack, options)
    runs: dict[str, list[Run]] = {"analytics": [], "careful": [], "careful, our documents": []}
    try:
        for _ in range(options.rounds):
            runs["analytics"].append(await ground.analytics())
            runs["careful"].append(await ground.careful("buckets"))
            runs["careful, our documents"].append(await ground.careful("months"))
        naive = await ground.naive()
    finally:
        ground.close()
    rates = {name: median(run.per_second for run in some) for name, some in runs.items()}
    cpu = {name: median(run.cpu_micros for run in some) for name, some in runs.items()}
    ours, rows = rates["analytics"], ground.books.rows / ground.events if ground.books else 0.0
    return [
        Figure("events in the topic", ground.events, "events"),
        Figure("analytics", ours, "events/s"),
        Figure("analytics, ledger rows", ours * rows, "rows/s"),
        *(Figure(f"{name}, own CPU", micros, "µs/event") for name, micros in cpu.items()),
        Figure("analytics, peak memory", max(run.peak_mb for run in runs["analytics"]), "MB", Goal(most=250)),
        *(Figure(f"{name} loop", rates[name], "events/s") for name in ("careful", "careful, our documents")),
        Figure("naive handler", naive, "events/s"),
        Figure("analytics / careful loop", ours / rates["careful"], "×", Goal(least=TIMES_CAREFUL)),
        Figure("analytics / careful loop, our documents", ours / rates["careful, our documents"], "×"),
        Figure("analytics / naive handler", ours / naive, "×", Goal(least=TIMES_NAIVE)),
    ]


class Ground:
    """One topic of events, and a fresh database for whoever runs."""

    def __init__(self, stack: Stack, prefix: str, events: int) -> None:
        self.events = events
        self.books: Books | None = None
        self._prefix = prefix
        self._mongo: MongoClient[dict[str, Any]] = MongoClient(stack.mongo)
        self._environment = {"KAFKA_BOOTSTRAP_SERVERS": stack.kafka, "MONGODB_URI": stack.mongo, **STORE}

    @classmethod
    async def prepared(cls, stack: Stack, options: Options) -> "Ground":
        records = order_events(options.days)
        prefix = f"b{uuid4().hex[:8]}-"
        await create_topics(stack.kafka, [Topic(f"{prefix}orders.events", retention_ms=-1)])
        await produce(stack.kafka, f"{prefix}orders.events", records)
        return cls(stack, prefix, len(records))

    async def analytics(self) -> Run:
        service = Process(
            "services.analytics.app", {**self._environment, "TOPIC_PREFIX": self._prefix}, "ANALYTICS_HTTP_PORT"
        )
        try:
            return await self._measured(self._prefix + "analytics", service.pid)
        finally:
            await service.end()
            await self._forget(self._prefix + "analytics")

    async def careful(self, shape: str) -> Run:
        database = f"{self._prefix}careful"
        with contender("careful", {**self._environment, **self._contest(database), "SHAPE": shape}) as process:
            run = await self._measured(database, process.pid)
        await self._forget(database)
        return run

    async def naive(self) -> float:
        database = f"{self._prefix}naive"
        environment = {**self._environment, **self._contest(database), "SECONDS": str(NAIVE_SECONDS)}
        with contender("naive", environment) as process:
            said, _ = await asyncio.to_thread(partial(process.communicate, timeout=NAIVE_SECONDS + 60))
        await self._forget(database)
        told = json.loads(said)
        return float(told["events"] / told["seconds"])

    def close(self) -> None:
        self._mongo.close()

    def _contest(self, database: str) -> dict[str, str]:
        return {"TOPIC": f"{self._prefix}orders.events", "DATABASE": database}

    async def _measured(self, name: str, pid: int) -> Run:
        database = self._mongo[name]
        run = await work_off(lambda: records_taken(database, "orders.events"), self.events, pid)
        books = await asyncio.to_thread(Books.of, database)
        if self.books not in (None, books):
            raise AssertionError(f"{name} wrote {books}, the others {self.books}")
        self.books = books
        return run

    async def _forget(self, database: str) -> None:
        await asyncio.to_thread(self._mongo.drop_database, database)


@contextmanager
def contender(name: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", f"tests.benchmarks.{name}"]
    with subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.terminate()
