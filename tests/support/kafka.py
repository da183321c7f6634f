"""Plain Kafka clients for tests: make topics, send records, read a topic to its end."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.contracts.envelope import Envelope, encode


async def create_topics(servers: str, names: Iterable[str], partitions: int = 3) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        configs = {"max.message.bytes": "4000000"}
        await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=configs) for name in names])
    finally:
        await admin.close()


@asynccontextmanager
async def producer(servers: str, transactional_id: str | None = None) -> AsyncIterator[AIOKafkaProducer]:
    client = AIOKafkaProducer(
        bootstrap_servers=servers,
        acks="all",
        enable_idempotence=True,
        transactional_id=transactional_id,
        max_request_size=4_000_000,
    )
    await client.start()
    try:
        yield client
    finally:
        await client.stop()


async def send(client: AIOKafkaProducer, topic: str, envelopes: Iterable[Envelope]) -> None:
    futures = []
    for envelope in envelopes:
        key, value, headers = encode(envelope)
        futures.append(await client.send(topic, value, key, headers=headers))
    await asyncio.gather(*futures)


async def read_all(servers: str, topic: str) -> list[ConsumerRecord]:
    """Every committed record of a topic, per partition in order."""
    records, _ = await log_of(servers, [topic])
    return records


async def log_of(servers: str, topics: Iterable[str]) -> tuple[list[ConsumerRecord], dict[TopicPartition, int]]:
    """Every committed record of some topics, per partition in order, and where each partition ends."""
    # Without `earliest` a reset to the end, begun by `assign`, may overtake the seek and leave nothing to read.
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        metadata = await consumer._client.fetch_all_metadata()
        found = [(topic, metadata.partitions_for_topic(topic) or ()) for topic in topics]
        partitions = [TopicPartition(topic, n) for topic, numbers in found for n in sorted(numbers)]
        consumer.assign(partitions)
        ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        records: list[ConsumerRecord] = []
        while any([await consumer.position(tp) < end for tp, end in ends.items()]):
            for fetched in (await consumer.getmany(timeout_ms=200)).values():
                records += fetched
        return sorted(records, key=lambda record: (record.topic, record.partition, record.offset)), ends
    finally:
        await consumer.stop()
