"""The events as any reader of the topics sees them."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.target import Target
from deploy.topics import PARTITIONS, topics
from shared.contracts.envelope import Envelope, decode

READ_SECONDS = 300


@dataclass
class Published:
    """What each aggregate told, in the order of the topic."""

    events: int = 0
    repeated: int = 0
    last: dict[tuple[str | None, str], int] = field(default_factory=lambda: defaultdict(int))
    gaps: list[str] = field(default_factory=list)
    subjects: set[str] = field(default_factory=set)

    def add(self, envelope: Envelope) -> None:
        who, sequence = (envelope.aggregate, envelope.subject), envelope.sequence or 0
        self.events += 1
        self.subjects.add(envelope.subject)
        if sequence <= self.last[who]:
            self.repeated += 1
            return
        if sequence != self.last[who] + 1:
            self.gaps.append(f"{envelope.aggregate} {envelope.subject}: event {sequence} follows {self.last[who]}")
        self.last[who] = sequence


async def published(target: Target) -> Published:
    """All events there are now."""
    found = Published()
    async with asyncio.timeout(READ_SECONDS):
        async for envelope in _events(target):
            found.add(envelope)
    return found


async def _events(target: Target) -> AsyncIterator[Envelope]:
    names = [topic.name for topic in topics(target.topic_prefix) if topic.name.endswith(".events")]
    places = [TopicPartition(name, number) for name in names for number in range(PARTITIONS)]
    consumer = AIOKafkaConsumer(bootstrap_servers=target.kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(places)
        while [place for place in places if await consumer.position(place) < ends[place]]:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    yield decode(record.key, record.value, record.headers)
    finally:
        await consumer.stop()
