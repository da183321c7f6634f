"""Every topic there is, and their creation: `python -m deploy.topics`. Nothing creates one by side effect."""

import asyncio
import os
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

PARTITIONS = 6
DAY_MS = 24 * 60 * 60 * 1000
FOR_EVER = -1


@dataclass(frozen=True)
class Topic:
    name: str
    retention_ms: int
    max_message_bytes: int = 1024 * 1024

    @property
    def config(self) -> Mapping[str, str]:
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(self.retention_ms),
            "max.message.bytes": str(self.max_message_bytes),
        }


def topics(prefix: str = "") -> list[Topic]:
    """Analytics tells nobody anything and takes no commands, so it has none."""
    return [topic for service in ("catalog", "orders", "inquiries") for topic in _topics_of(prefix + service)]


def _topics_of(service: str) -> list[Topic]:
    return [
        # Compaction would lose the timeline and the ledger.
        Topic(f"{service}.events", retention_ms=FOR_EVER),
        # Large enough for an oversized message to be parked rather than vanish.
        Topic(f"{service}.inbox", retention_ms=7 * DAY_MS, max_message_bytes=4 * 1024 * 1024),
        Topic(f"{service}.rejected", retention_ms=30 * DAY_MS),
    ]


async def create_topics(bootstrap: str, wanted: Sequence[Topic], replication_factor: int | None = None) -> list[str]:
    """The names it created; a topic that exists stays as it is. Returns when every partition has a leader.

    Without a replication factor: 3 where there are 3 brokers, fewer where there are fewer.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        replicas = replication_factor or min(3, len((await admin.describe_cluster())["brokers"]))
        answer = await admin.create_topics([_request(topic, replicas) for topic in wanted])
        created = [name for name, code, message in answer.topic_errors if _is_new(name, code, message)]
        await _wait_for_leaders(admin, [topic.name for topic in wanted])
        return created
    finally:
        await admin.close()


def _request(topic: Topic, replicas: int) -> NewTopic:
    safety = {"min.insync.replicas": "2"} if replicas > 2 else {}
    return NewTopic(topic.name, PARTITIONS, replicas, topic_configs={**topic.config, **safety})


def _is_new(name: str, code: int, message: str | None) -> bool:
    if code not in (0, TopicAlreadyExistsError.errno):
        raise for_code(code)(f"{name}: {message}")
    return code == 0


async def _wait_for_leaders(admin: AIOKafkaAdminClient, names: list[str]) -> None:
    async with asyncio.timeout(30):
        while not all(_has_leaders(topic) for topic in await admin.describe_topics(names)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def _has_leaders(topic: Mapping[str, Any]) -> bool:
    partitions = topic["partitions"]
    if 0 < len(partitions) < PARTITIONS:
        raise RuntimeError(f"{topic['topic']} exists with {len(partitions)} partitions; the services need {PARTITIONS}")
    return bool(partitions) and all(partition["leader"] >= 0 for partition in partitions)


def main() -> None:
    parser = ArgumentParser(description="Create the topics on KAFKA_BOOTSTRAP_SERVERS, named with TOPIC_PREFIX.")
    parser.add_argument("--replication-factor", type=int)
    factor = parser.parse_args().replication_factor
    wanted = topics(os.environ.get("TOPIC_PREFIX", ""))
    created = asyncio.run(create_topics(os.environ["KAFKA_BOOTSTRAP_SERVERS"], wanted, factor))
    for topic in wanted:
        print(f"{topic.name}: {'created' if topic.name in created else 'is there'}")


if __name__ == "__main__":
    main()
