"""What comes back by itself: a producer that died, a lease whose owner is gone."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.runtime.lease import TURN_SECONDS
from tests.runtime.bank import AccountOpened
from tests.runtime.branch import Branch, Open
from tests.support.eventually import eventually

pytestmark = pytest.mark.stack


@pytest.fixture
async def bank(open_bank: Open) -> AsyncIterator[Branch]:
    async with open_bank() as branch:
        yield branch


async def test_a_dead_producer_is_replaced_and_what_was_acknowledged_meanwhile_is_told(bank: Branch) -> None:
    await bank.opens("a")
    await eventually(bank.has_told_all)
    producer = bank.runtime.relay._sender._producer
    assert producer is not None
    await producer.stop()
    await bank.opens("b")
    await eventually(bank.has_told_all)
    assert bank.runtime.relay._sender._producer is not producer
    await eventually(bank.is_ready)


async def test_a_lease_whose_owner_is_gone_is_taken_over_when_it_ends(bank: Branch) -> None:
    """The relay's owner neither extends nor returns it; commands are taken meanwhile, and told by the next one."""
    await bank.opens("a")
    await eventually(bank.has_told_all)
    until = datetime.now(UTC) + timedelta(seconds=4)
    leases = bank.runtime.collection("leases")
    bank.runtime.relay._lease._until = 0.0
    await leases.update_one({"_id": "relay"}, {"$set": {"owner": "gone", "until": until}})
    await bank.opens("b")
    assert not await bank.has_told_all()
    await eventually(bank.has_told_all, within=15)
    assert datetime.now(UTC) >= until
    lease = await leases.find_one({"_id": "relay"})
    assert lease is not None and lease["owner"] != "gone"


async def test_a_batch_waits_for_its_turn_for_some_seconds_and_goes_on_without_it(bank: Branch) -> None:
    """Who has the lease of the bank's batches neither gives it back nor lets it end."""
    until = datetime.now(UTC) + timedelta(hours=1)
    leases = bank.runtime.collection("leases")
    await leases.update_one({"_id": "bank"}, {"$set": {"owner": "gone", "until": until}}, upsert=True)
    began = time.monotonic()
    await bank.tell([AccountOpened(account_id="a", owner="o")])
    assert time.monotonic() - began >= TURN_SECONDS
    assert await bank.account("a") == ("o", 0)


async def test_the_age_of_the_outbox_is_that_of_the_event_written_first_whatever_its_id(bank: Branch) -> None:
    relay = bank.runtime.relay
    relay._lease._until = 0.0
    await bank.runtime.collection("leases").update_one({"_id": "relay"}, {"$set": {"owner": "gone"}}, upsert=True)
    now = datetime.now(UTC)
    row = {"topic": "nowhere", "key": b"", "value": b"", "headers": []}
    await bank.runtime.collection("outbox").insert_many(
        [row | {"_id": id, "at": now - timedelta(seconds=age)} for id, age in (("z/1", 90), ("a/1", 10), ("m/1", 50))]
    )
    rows, age = await relay.waiting()
    await bank.runtime.collection("outbox").delete_many({})
    assert rows == 3 and 90 <= age < 95
