from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import MongoClient
from uuid6 import uuid7

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
