"""What waits in a service: events for the relay, and records that are held, parked or not read yet."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError

from shared.runtime import away
from shared.runtime.consume import Consumer
from shared.runtime.metrics import FULLEST_KEY, HELD, LAG, LIMIT, OUTBOX_AGE, OUTBOX_ROWS, PARKED, QUEUED_KEYS
from shared.runtime.mongo import Database, Unavailable
from shared.runtime.positions import Positions
from shared.runtime.relay import Relay
from shared.runtime.settings import ServiceSettings
from shared.runtime.stopping import Stopping

OUTBOX_SLOW_SECONDS = 30.0
ANSWER_SECONDS = 6.0
COUNT_SECONDS = 2.0
NEAR = 0.8
"""Share of a bound from which on it is worth a warning."""


class Backlog:
    """As counted last, for readiness, /ops/status, /metrics and whoever must not add to it."""

    def __init__(
        self,
        service: str,
        settings: ServiceSettings,
        database: Database,
        relay: Relay,
        consumers: Sequence[Consumer],
        stopping: Stopping,
    ) -> None:
        self.events = 0
        """In the outbox."""
        self.oldest_seconds = 0.0
        """Since when the oldest of them waits."""
        self.held = 0
        self.parked = 0
        self.queued_keys = 0
        self.fullest_key = ("", 0)
        """The key with most records queued, as `group key`, and how many they are."""
        self._service = service
        self._settings = settings
        self._database = database
        self._relay = relay
        self._consumers = consumers
        self._stopping = stopping
        self._lag: list[dict[str, Any]] = []
        """Empty while Kafka does not say."""
        self._silent: Counter[str] = Counter()
        """How many times in a row MongoDB or Kafka did not answer."""

    @property
    def outbox_full(self) -> bool:
        return self.events >= self._settings.outbox_limit

    @property
    def parking_full(self) -> bool:
        """So many records are parked that no further ones are read until an operator has worked on them."""
        return self.parked >= self._settings.max_parked

    def behind(self, group: str) -> int | None:
        """Events that a group has not read yet, as counted within the last seconds; None while nobody knows."""
        name = self._settings.topic_prefix + group
        lags = [row["lag"] for row in self._lag if row["group"] == name and row["topic"].endswith(".events")]
        return sum(lags) if lags and None not in lags else None

    def troubles(self) -> list[str]:
        """What keeps the backlog from shrinking, or from being counted."""
        reasons = [away.silence(name, self._settings) for name, times in self._silent.items() if times > 1]
        if self.oldest_seconds > OUTBOX_SLOW_SECONDS:
            reasons.append(f"the oldest event waits for {self.oldest_seconds:.0f} s")
        if self.outbox_full:
            reasons.append(f"{self.events} events wait, no more commands are taken: is Kafka away?")
        if self.parking_full:
            reasons.append(f"{self.parked} parked records, nothing more is read: retry or drop some")
        return reasons

    def warnings(self) -> list[str]:
        """Bounds that will stop something when nobody acts; nothing is stopped yet."""
        settings, (fullest, queued) = self._settings, self.fullest_key
        bounds = [
            (self.events, settings.outbox_limit, "events in the outbox"),
            (self.parked, settings.max_parked, "parked records"),
            (queued, settings.max_parked_per_key, f"records queued behind a parked one of {fullest}"),
        ]
        return [f"{n} of at most {most} {what}" for n, most, what in bounds if n >= NEAR * most]

    async def keep_counting(self) -> None:
        while not self._stopping.is_set():
            try:
                await asyncio.wait_for(self.count(), ANSWER_SECONDS)
                self._silent.pop("MongoDB", None)
            except (PyMongoError, Unavailable, TimeoutError):
                self._silent["MongoDB"] += 1
            await self._stopping.rest(COUNT_SECONDS)

    async def keep_measuring_lag(self) -> None:
        """Of its own, for it waits where Kafka is away."""
        while not self._stopping.is_set():
            try:
                self._lag = await asyncio.wait_for(self.lag(), ANSWER_SECONDS)
                self._silent.pop("Kafka", None)
            except (PyMongoError, Unavailable, KafkaError, TimeoutError) as error:
                self._lag = []
                self._silent["Kafka"] += not isinstance(error, PyMongoError | Unavailable)
            await self._stopping.rest(COUNT_SECONDS)

    async def count(self) -> None:
        self.events, self.oldest_seconds = await self._relay.waiting()
        self.held = await self._database.collection("held").estimated_document_count()
        self.parked = await self._database.collection("parked").estimated_document_count()
        gates = self._database.collection("gates")
        self.queued_keys = await gates.estimated_document_count()
        fullest = await gates.find().sort("count", -1).limit(1).to_list(1)
        self.fullest_key = (f"{fullest[0]['group']} {fullest[0]['key']}", fullest[0]["count"]) if fullest else ("", 0)
        self._measure()

    async def standing(self) -> list[dict[str, Any]]:
        """As `lag`, without the ends of the topics where Kafka does not say them."""
        try:
            return await self.lag()
        except (KafkaError, TimeoutError):
            return [row for consumer in self._consumers for row in await _standing(consumer.positions, ask_kafka=False)]

    async def lag(self) -> list[dict[str, Any]]:
        """Per partition of every group, as it is now."""
        rows = [row for consumer in self._consumers for row in await _standing(consumer.positions, ask_kafka=True)]
        for row in rows:
            if row["lag"] is not None:
                LAG.labels(row["group"], row["topic"], row["partition"]).set(row["lag"])
        return rows

    def _measure(self) -> None:
        OUTBOX_ROWS.labels(self._service).set(self.events)
        OUTBOX_AGE.labels(self._service).set(self.oldest_seconds)
        HELD.labels(self._service).set(self.held)
        PARKED.labels(self._service).set(self.parked)
        QUEUED_KEYS.labels(self._service).set(self.queued_keys)
        FULLEST_KEY.labels(self._service).set(self.fullest_key[1])
        LIMIT.labels(self._service, "parked_records").set(self._settings.max_parked)
        LIMIT.labels(self._service, "records_per_key").set(self._settings.max_parked_per_key)
        LIMIT.labels(self._service, "outbox_rows").set(self._settings.outbox_limit)


async def _standing(positions: Positions, *, ask_kafka: bool) -> list[dict[str, Any]]:
    """All partitions of a group as far as any process has stored them, beside the log's end, None where not asked for.

    Raises KafkaError or TimeoutError where Kafka does not say that end.
    """
    rows = await positions.offsets.rows()
    partitions = [TopicPartition(row["topic"], row["partition"]) for row in rows]
    ends: dict[TopicPartition, int] = {}
    if ask_kafka and positions.consumer is not None and partitions:
        ends = await asyncio.wait_for(positions.consumer.end_offsets(partitions), 5)
    return [
        {
            "group": positions.group,
            "topic": row["topic"],
            "partition": row["partition"],
            "next": row["next"],
            "end": ends.get(tp),
            "lag": ends[tp] - row["next"] if tp in ends else None,
            "counts": row.get("counts", {}),
            "paused": row.get("paused"),
        }
        for tp, row in zip(partitions, rows, strict=True)
    ]
