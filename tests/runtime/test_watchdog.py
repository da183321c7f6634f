"""A consumer that no longer fetches is started anew, and what it left is read."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from aiokafka import TopicPartition

from shared.runtime import watchdog
from shared.runtime.service_runtime import ServiceRuntime
from shared.runtime.settings import ServiceSettings
from tests.runtime.bank import ACCOUNT, BANK, AccountOpened
from tests.support.eventually import eventually
from tests.support.kafka import create_topics, producer, send
from tests.support.memory import message_envelope
from tests.support.stack import Stack

pytestmark = pytest.mark.stack


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
