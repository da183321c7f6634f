from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from uuid6 import uuid7

from deploy.topics import PARTITIONS, create_topics, topics
from tests.support.stack import Stack


def test_three_services_speak_on_three_topics_each() -> None:
    assert [topic.name for topic in topics("x-")] == [
        f"x-{service}.{kind}"
        for service in ("catalog", "orders", "inquiries")
        for kind in ("events", "inbox", "rejected")
    ]


def test_events_are_kept_for_ever_and_never_compacted() -> None:
    [events] = [topic for topic in topics() if topic.name == "orders.events"]
    assert events.config["retention.ms"] == "-1"
    assert events.config["cleanup.policy"] == "delete"


async def test_creating_topics_again_creates_none(stack: Stack) -> None:
    wanted = topics(f"t{uuid7().hex}.")
    assert await create_topics(stack.kafka, wanted) == [topic.name for topic in wanted]
    assert await create_topics(stack.kafka, wanted) == []


async def test_created_topics_have_their_partitions_and_limits(stack: Stack) -> None:
    wanted = topics(f"t{uuid7().hex}.")
    await create_topics(stack.kafka, wanted, replication_factor=1)
    inbox = next(topic for topic in wanted if topic.name.endswith("orders.inbox"))
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    try:
        [description] = await admin.describe_topics([inbox.name])
        [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, inbox.name)])
    finally:
        await admin.close()
    settings = {name: value for name, value, *_ in answer.resources[0][4]}
    assert len(description["partitions"]) == PARTITIONS
    assert settings["max.message.bytes"] == str(4 * 1024 * 1024)
    assert settings["retention.ms"] == str(7 * 24 * 3600 * 1000)
