"""Records that come again: resent, published twice, or read anew after somebody moved Kafka's offsets."""

import random

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import OffsetAndMetadata

from tests.faults.bank import Bank
from tests.support.eventually import eventually
from tests.support.kafka import read_all

pytestmark = pytest.mark.faults


async def test_everything_twice_and_some_ten_times(bank: Bank) -> None:
    chance = random.Random(16)
    opening, deposits = bank.opening(20), bank.deposits(300, 20)
    often = [envelope for envelope in deposits for _ in range(chance.choice((2, 2, 2, 10)))]
    chance.shuffle(often)
    async with bank.running():
        await bank.tell([*opening, *opening, *often])
        await bank.quiet()
        assert bank.counts()["duplicates"] == len(often) - 300 + 20
        await bank.check()


async def test_events_published_twice_and_ten_times_count_once_in_the_view(bank: Bank) -> None:
    async with bank.running():
        await bank.tell([*bank.opening(20), *bank.deposits(200, 20)])
        await bank.quiet()
        published = await read_all(bank.kafka, bank.topic("events"))
        again = [*published, *random.Random(16).choices(published, k=9 * len(published))]
        for record in again:
            await bank.client.send(
                bank.topic("events"), record.value, record.key, partition=record.partition, headers=list(record.headers)
            )
        await bank.client.flush()
        await eventually(lambda: _view_has_read(bank, len(published) + len(again)))
        assert await bank.check() == len(again)
        assert bank.counts("bank.turnover.v1")["duplicates"] == len(again)


async def _view_has_read(bank: Bank, count: int) -> bool:
    return bank.counts("bank.turnover.v1").total() == count


@pytest.mark.parametrize("to_the_end", [False, True], ids=["to 0", "to the end"])
async def test_moved_kafka_offsets_change_nothing(bank: Bank, to_the_end: bool) -> None:
    async with bank.running():
        await bank.tell([*bank.opening(20), *bank.deposits(100, 20)])
        await bank.quiet()
    await bank.tell(bank.deposits(100, 20))
    moved = await _move_offsets(bank, to_the_end)
    assert len(moved) == 8
    async with bank.running():
        await bank.quiet()
        assert (bank.counts()["applied"], bank.counts()["duplicates"]) == (220, 0)
        await bank.check()


async def _move_offsets(bank: Bank, to_the_end: bool) -> dict[TopicPartition, int]:
    """As an operator does it with `kafka-consumer-groups --reset-offsets`; the offsets as Kafka has them now."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bank.kafka)
    await admin.start()
    moved: dict[TopicPartition, int] = {}
    try:
        for name, topic in (("bank", "inbox"), ("bank.turnover.v1", "events")):
            group = bank.prefix + name
            known = await admin.list_consumer_group_offsets(group)
            targets = dict.fromkeys(known, 0)
            if to_the_end:
                ends = {record.partition: record.offset + 1 for record in await read_all(bank.kafka, bank.topic(topic))}
                targets = {tp: ends.get(tp.partition, 0) for tp in known}
            await _commit(bank, group, targets)
            now = await admin.list_consumer_group_offsets(group)
            assert {tp: now[tp].offset for tp in targets} == targets
            moved |= targets
    finally:
        await admin.close()
    return moved


async def _commit(bank: Bank, group: str, offsets: dict[TopicPartition, int]) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=bank.kafka, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(list(offsets))
        await consumer.commit({tp: OffsetAndMetadata(offset, "") for tp, offset in offsets.items()})
    finally:
        await consumer.stop()
