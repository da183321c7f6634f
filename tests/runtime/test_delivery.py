"""The runtime on real Kafka and MongoDB: one effect per record, whatever repeats, comes early or cannot be read."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.errors import CorruptRecordException, KafkaTimeoutError

from shared.contracts.envelope import decode
from shared.runtime.service_runtime import ServiceRuntime
from shared.runtime.settings import ServiceSettings
from tests.runtime.bank import ACCOUNT, BANK, COUNTER, TURNOVER, AccountOpened, Deposited, Transferred
from tests.support.eventually import eventually
from tests.support.kafka import create_topics, producer, read_all, send
from tests.support.memory import message_envelope
from tests.support.stack import Stack

pytestmark = pytest.mark.stack


@pytest.fixture
async def bank(stack: Stack) -> AsyncIterator[ServiceRuntime]:
    prefix = f"t{uuid4().hex[:8]}-"
    topics = [f"{prefix}bank.{name}" for name in ("inbox", "events", "rejected")]
    await create_topics(stack.kafka, topics)
    settings = ServiceSettings(kafka_bootstrap_servers=stack.kafka, mongodb_uri=stack.mongo, topic_prefix=prefix)
    runtime = ServiceRuntime("bank", settings, [BANK, COUNTER], [ACCOUNT, TURNOVER], {})
    async with runtime.running():
        yield runtime
        await runtime.database.drop()


async def balance(bank: ServiceRuntime, id: str) -> int | None:
    stored = await bank.store.get(ACCOUNT, id)
    return None if stored is None else stored.state.balance  # type: ignore[union-attr]


async def test_messages_become_states_events_and_a_view(bank: ServiceRuntime) -> None:
    prefix, servers = bank.settings.topic_prefix, bank.settings.kafka_bootstrap_servers
    async with producer(servers) as client:
        opened = [message_envelope(AccountOpened(account_id=f"a{n}", owner=f"o{n}")) for n in range(20)]
        deposits = [message_envelope(Deposited(account_id=f"a{n % 20}", amount=n + 1)) for n in range(200)]
        await send(client, f"{prefix}bank.inbox", [*deposits[:50], *opened, *deposits[50:], *deposits])

    async def settled() -> bool:
        sums = await bank.collection("sums").find_one({"_id": "all"})
        return sums is not None and sums["moved"]["by"] == sum(range(1, 201)) and sums["moved"]["events"] == 220

    await eventually(settled)
    assert sum([await balance(bank, f"a{n}") or 0 for n in range(20)]) == sum(range(1, 201))
    events = [decode(r.key, r.value, r.headers) for r in await read_all(servers, f"{prefix}bank.events")]
    sequences: dict[str, list[int | None]] = {}
    for event in events:
        sequences.setdefault(event.subject, []).append(event.sequence)
    assert all(numbers == list(range(1, 12)) for numbers in sequences.values())
    assert await bank.collection("held").count_documents({}) == 0
    await eventually(lambda: _drained(bank))


async def _drained(bank: ServiceRuntime) -> bool:
    return bool(await bank.collection("outbox").count_documents({}) == 0)


async def test_transfers_over_several_documents_conserve_the_money(bank: ServiceRuntime) -> None:
    prefix = bank.settings.topic_prefix
    async with producer(bank.settings.kafka_bootstrap_servers) as client:
        envelopes = [message_envelope(AccountOpened(account_id=f"a{n}", owner="o")) for n in range(5)]
        envelopes += [message_envelope(Deposited(account_id=f"a{n}", amount=100)) for n in range(5)]
        envelopes += [
            message_envelope(Transferred(account_id=f"a{n % 5}", to=f"a{(n * 3 + 1) % 5}", amount=n % 7 + 1))
            for n in range(100)
            if n % 5 != (n * 3 + 1) % 5
        ]
        await send(client, f"{prefix}bank.inbox", envelopes)

    async def applied() -> bool:
        rows = await bank.collection("offsets").find({"group": "bank"}).to_list(None)
        done = sum(sum(row.get("counts", {}).values()) for row in rows)
        return done == len(envelopes)

    await eventually(applied)
    assert sum([await balance(bank, f"a{n}") or 0 for n in range(5)]) == 500


async def test_records_that_a_failed_fetch_took_with_it_are_fetched_again(bank: ServiceRuntime) -> None:
    """One fetch of three raises after it has taken its records, as aiokafka's does over one it cannot read."""
    positions, prefix = bank.consumers[0].positions, bank.settings.topic_prefix

    async def reading() -> bool:
        return len(positions.expected) == 3

    await eventually(reading)
    consumer = positions.consumer
    assert consumer is not None
    take, taken = consumer._fetcher.fetched_records, 0

    async def taking(*args: Any, **limits: Any) -> Any:
        nonlocal taken
        found = await take(*args, **limits)
        taken += bool(found)
        if found and taken % 3 == 2:
            raise CorruptRecordException("planted")
        return found

    consumer._fetcher.fetched_records = taking
    async with producer(bank.settings.kafka_bootstrap_servers) as client:
        for n in range(30):
            await send(client, f"{prefix}bank.inbox", [message_envelope(AccountOpened(account_id=f"a{n}", owner="o"))])

    async def all_opened() -> bool:
        return bool(await bank.collection("accounts").count_documents({}) == 30)

    await eventually(all_opened)


async def test_a_group_says_how_far_it_is_while_kafka_does_not_say_where_topics_end(bank: ServiceRuntime) -> None:
    async with producer(bank.settings.kafka_bootstrap_servers) as client:
        topic = f"{bank.settings.topic_prefix}bank.inbox"
        await send(client, topic, [message_envelope(AccountOpened(account_id="a0", owner="o"))])

    async def is_applied() -> bool:
        return await balance(bank, "a0") is not None

    async def silent(_partitions: object) -> None:
        raise KafkaTimeoutError

    await eventually(is_applied)
    consumer = bank.consumers[0].positions.consumer
    assert consumer is not None
    consumer.end_offsets = silent
    standing = await bank.backlog.standing()
    assert sum(row["next"] for row in standing) == 1
    assert {(row["end"], row["lag"]) for row in standing} == {(None, None)}
