from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import MongoClient
from uuid6 import uuid7

from deploy.local.brokers import EmbeddedStack
from deploy.local.failure import StackFailure
from deploy.local.identity import Identity
from deploy.local.state import StackState
from deploy.topics import FOR_EVER, Topic, create_topics
from tests.support.stack import Stack


async def test_kafka_carries_a_record_as_large_as_an_inbox_takes(stack: Stack) -> None:
    topic, value = f"large-{uuid7()}", b"x" * (4 * 1024 * 1024 - 200)
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1, topic_configs={"max.message.bytes": str(4 * 1024 * 1024)})])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka, max_request_size=5 * 1024 * 1024) as producer:
        await producer.send_and_wait(topic, value)
    async with AIOKafkaConsumer(topic, bootstrap_servers=stack.kafka, auto_offset_reset="earliest") as consumer:
        record = await consumer.getone()
    assert record.value == value


def test_mongodb_has_transactions(stack: Stack) -> None:
    with MongoClient[dict[str, Any]](stack.mongo) as client:
        rows = client[f"test_{uuid7().hex}"]["rows"]
        with client.start_session() as session:
            session.start_transaction()
            rows.insert_one({"_id": 1}, session=session)
            assert rows.count_documents({}) == 0
            session.commit_transaction()
        assert rows.count_documents({}) == 1
        client.drop_database(rows.database.name)


@pytest.mark.stack
async def test_data_survives_a_stop_and_other_ports(tmp_path: Path) -> None:
    with EmbeddedStack(tmp_path) as stack, MongoClient[dict[str, Any]](stack.mongo) as client:
        client["shop"]["rows"].insert_one({"_id": 1})
        await create_topics(stack.kafka, [Topic("kept", FOR_EVER)])
        async with AIOKafkaProducer(bootstrap_servers=stack.kafka) as producer:
            await producer.send_and_wait("kept", b"value")
    with EmbeddedStack(tmp_path) as again, MongoClient[dict[str, Any]](again.mongo) as client:
        assert again.kafka != stack.kafka
        assert client["shop"]["rows"].find_one() == {"_id": 1}
        async with AIOKafkaConsumer("kept", bootstrap_servers=again.kafka, auto_offset_reset="earliest") as consumer:
            assert (await consumer.getone()).value == b"value"


def test_a_directory_holds_one_running_stack(tmp_path: Path) -> None:
    StackState(keeper=Identity.own(), phase="ready", kafka="", mongo="").write(tmp_path)
    with pytest.raises(StackFailure, match="A stack already runs in"), EmbeddedStack(tmp_path):
        raise AssertionError("it must not start")
