"""How much of the outbox is read and sent at once, and in which order."""

import asyncio
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.runtime import relay
from shared.runtime.relay import BATCH, FIRST_ROUND, ROUND_BYTES, most_next
from tests.runtime.bank import AccountOpened, Deposited
from tests.runtime.branch import Branch, Open
from tests.support.eventually import eventually
from tests.support.kafka import create_topics, read_all
from tests.support.replies import profiled, replies

WIDE = 200_000
AGGREGATES, EVENTS = 6, 25


@pytest.mark.parametrize(
    ("most", "rows", "length", "then"),
    [
        (50, 50, 50 * 5_000, 100),
        (400, 400, 400 * 5_000, BATCH),
        (BATCH, BATCH, BATCH * 80_000, 50),
        (50, 0, 0, 50),
        (50, 1, 0, 100),
        (20, 3, 3 * WIDE, ROUND_BYTES // WIDE),
        (1, 1, 2 * ROUND_BYTES, 1),
    ],
)
def test_a_round_has_as_many_rows_as_are_about_so_long_by_those_of_the_last(
    most: int, rows: int, length: int, then: int
) -> None:
    assert most_next(most, rows, length) == then


def row(topic: str, aggregate: int, event: int, *, padding: int = 0) -> dict[str, Any]:
    return {
        "_id": f"account/a{aggregate:03}/{event:010}",
        "topic": topic,
        "key": f"a{aggregate}".encode(),
        "value": event.to_bytes(2) + bytes(padding),
        "headers": [],
        "at": datetime.now(UTC),
    }


@pytest.mark.stack
async def test_wide_events_go_a_few_at_a_time_in_the_order_of_their_aggregates(open_bank: Open) -> None:
    """Rounds end in the midst of aggregates, of which each is longer than a round."""
    async with open_bank() as bank:
        runtime = bank.runtime
        outbox, topic = runtime.collection("outbox"), f"{runtime.settings.topic_prefix}bank.rejected"
        rows = [
            row(topic, aggregate, event, padding=WIDE) for event in range(EVENTS) for aggregate in range(AGGREGATES)
        ]
        async with profiled(outbox.database):
            await _told(bank, rows)
        told: dict[str, list[int]] = defaultdict(list)
        for record in await read_all(runtime.settings.kafka_bootstrap_servers, topic):
            told[record.key.decode()].append(int.from_bytes(record.value[:2]))
        assert told == {f"a{aggregate}": list(range(EVENTS)) for aggregate in range(AGGREGATES)}
        rounds = [reply["nreturned"] for reply in await replies(outbox) if reply["responseLength"] > WIDE]
        assert rounds[0] <= FIRST_ROUND and max(rounds[1:]) <= ROUND_BYTES // WIDE


@pytest.mark.stack
async def test_narrow_events_go_by_the_hundreds(open_bank: Open) -> None:
    """A reply of MongoDB ends after 101 rows unless it is told better."""
    async with open_bank() as bank:
        outbox, topic = bank.runtime.collection("outbox"), f"{bank.runtime.settings.topic_prefix}bank.rejected"
        async with profiled(outbox.database):
            await _told(bank, [row(topic, aggregate, 0) for aggregate in range(700)])
        rounds = [reply["nreturned"] for reply in await replies(outbox) if reply["nreturned"] > 1]
        assert rounds == [FIRST_ROUND, 2 * FIRST_ROUND, 4 * FIRST_ROUND, 700 - 7 * FIRST_ROUND]


@pytest.mark.stack
async def test_records_wait_while_too_many_of_their_events_do(open_bank: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "AHEAD", 10)
    async with open_bank() as bank:
        sender, topic = bank.runtime.relay, f"{bank.runtime.settings.topic_prefix}bank.rejected"
        await bank.tell([AccountOpened(account_id="a", owner="o")])

        async def is_counted() -> bool:
            return bool(await bank.rows("turnovers"))

        await eventually(is_counted)
        async with sender._turn:
            await bank.runtime.collection("outbox").insert_many([row(topic, aggregate, 0) for aggregate in range(10)])
            sender.told(10)
            with capture_logs() as logs:
                telling = asyncio.create_task(bank.tell([Deposited(account_id="a", amount=5)]))
                await asyncio.wait([telling], timeout=2)  # a batch takes a tenth of that
            assert [log["service"] for log in logs if log["event"] == "records wait for the relay"] == ["bank"]
            assert (telling.done(), await bank.account("a")) == (False, ("o", 0))
        await telling
        assert await bank.account("a") == ("o", 5)


@pytest.mark.stack
async def test_a_topic_that_is_missing_holds_up_its_own_events_only(open_bank: Open) -> None:
    async with open_bank() as bank:
        runtime = bank.runtime
        outbox, topic = runtime.collection("outbox"), f"{runtime.settings.topic_prefix}bank.rejected"
        rows = [row(topic if n % 2 else f"{topic}.nowhere", n, event) for n in range(6) for event in range(2)]
        async with runtime.relay._turn:
            await outbox.insert_many(rows)

        async def only_those_are_left() -> bool:
            left = [left["topic"] for left in await bank.rows("outbox")]
            return set(left) == {f"{topic}.nowhere"} and len(left) == 6

        await eventually(only_those_are_left)
        records = await read_all(runtime.settings.kafka_bootstrap_servers, topic)
        told = sorted((record.key, record.value) for record in records)
        assert told == [(f"a{n}".encode(), event.to_bytes(2)) for n in (1, 3, 5) for event in range(2)]

        async def is_named() -> bool:
            return f"Kafka has no topic {topic}.nowhere" in await bank.reasons()

        await eventually(is_named)
        await create_topics(runtime.settings.kafka_bootstrap_servers, [f"{topic}.nowhere"])
        await eventually(bank.has_told_all)
        await eventually(bank.is_ready)


@pytest.mark.stack
async def test_a_process_without_the_lease_does_not_keep_asking_for_it(open_bank: Open) -> None:
    async with open_bank() as one, open_bank() as two:
        waiting = two if one.runtime.relay._lease.remaining() else one
        leases = waiting.runtime.collection("leases")
        async with profiled(leases.database):
            for number in range(30):
                await waiting.opens(f"a{number}")
            await eventually(waiting.has_told_all)
        asked = {"ns": leases.full_name, "command.findAndModify": "leases", "command.query._id": "relay"}
        assert await leases.database["system.profile"].count_documents(asked) <= 5


async def _told(bank: Branch, rows: list[dict[str, Any]]) -> None:
    """All were there when the relay began."""
    outbox = bank.runtime.collection("outbox")
    async with bank.runtime.relay._turn:
        await outbox.insert_many(rows)

    async def are_gone() -> bool:
        return not await outbox.count_documents({})

    await eventually(are_gone)
