from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.target import Target
from deploy.topics import PARTITIONS, topics


async def events_published(target: Target) -> int:
    """By all services, from the beginning: nothing else writes to these topics and nothing is ever deleted."""
    names = [topic.name for topic in topics(target.topic_prefix) if topic.name.endswith(".events")]
    consumer = AIOKafkaConsumer(bootstrap_servers=target.kafka)
    await consumer.start()
    try:
        ends = await consumer.end_offsets(
            [TopicPartition(name, number) for name in names for number in range(PARTITIONS)]
        )
        return sum(ends.values())
    finally:
        await consumer.stop()
