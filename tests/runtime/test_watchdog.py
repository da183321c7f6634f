"""A consumer that no longer fetches is started anew, and what it left is read."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from aiokafka import TopicPartition

from shared.runtime import watchdog
from shared.runtime.service_runtime import ServiceRuntime
from shared.runtime.settings import ServiceSettings
from shared.runtime.watchdog import Watchdog
from tests.runtime.bank import ACCOUNT, BANK, AccountOpened
from tests.support.eventually import eventually
from tests.support.kafka import create_topics, producer, send
from tests.support.memory import message_envelope
from tests.support.stack import Stack

FIRST, SECOND = TopicPartition("bank.inbox", 0), TopicPartition("bank.inbox", 1)


@pytest.fixture
async def bank(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ServiceRuntime]:
    monkeypatch.setattr(watchdog, "STUCK_SECONDS", 1.0)
    prefix = f"t{uuid4().hex[:8]}-"
    await create_topics(stack.kafka, [f"{prefix}bank.inbox", f"{prefix}bank.events"])
    settings = ServiceSettings(kafka_bootstrap_servers=stack.kafka, mongodb_uri=stack.mongo, topic_prefix=prefix)
    runtime = ServiceRuntime("bank", settings, [BANK], [ACCOUNT], {})
    async with runtime.running():
        yield runtime
        await runtime.database.drop()


@pytest.mark.stack
async def test_a_stuck_consumer_is_started_anew(bank: ServiceRuntime) -> None:
    positions = bank.consumers[0].positions

    async def reading() -> bool:
        return len(positions.expected) == 3

    await eventually(reading)
    stuck = positions.consumer
    assert stuck is not None
    stuck.pause(*[TopicPartition(f"{bank.settings.topic_prefix}bank.inbox", n) for n in range(3)])

    async with producer(bank.settings.kafka_bootstrap_servers) as client:
        accounts = [message_envelope(AccountOpened(account_id=f"a{n}", owner="o")) for n in range(30)]
        await send(client, f"{bank.settings.topic_prefix}bank.inbox", accounts)

    async def all_read() -> bool:
        return bool(await bank.collection("accounts").count_documents({}) == 30)

    await eventually(all_read, within=40)
    assert positions.consumer is not stuck
    assert bank.fatal is None


def test_where_nothing_moves_a_partition_may_stand_still_for_a_minute() -> None:
    dog = Watchdog()
    ends = {FIRST: 10, SECOND: 5}
    assert [dog.judge({FIRST: 3, SECOND: 5}, ends, now) for now in (100, 160, 161)] == [None, None, FIRST]


def test_where_others_move_it_waits_for_its_turn() -> None:
    dog = Watchdog()
    ends = {FIRST: 10_000, SECOND: 10_000}
    looks = [dog.judge({FIRST: 3, SECOND: now}, ends, now) for now in range(100, 701, 50)]
    assert not any(looks)
    assert dog.judge({FIRST: 3, SECOND: 750}, ends, 750) == FIRST


def test_one_that_moves_late_is_not_stuck() -> None:
    dog = Watchdog()
    assert not any(dog.judge({FIRST: reached}, {FIRST: 10}, now) for now, reached in ((100, 3), (159, 4), (218, 5)))
