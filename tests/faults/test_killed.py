"""SIGKILL in the middle of a batch, and in the middle of publishing."""

import asyncio
import time

import pytest

from tests.faults.bank import Bank

pytestmark = pytest.mark.faults


async def test_a_batch_killed_before_inside_or_after_its_commit_counts_once(bank: Bank) -> None:
    await bank.tell(bank.opening(20))
    places = ("consume.in_transaction", "consume.before_commit", "consume.after_commit")
    victims = [bank.start(f"{place}@3", BANK_MAX_RECORDS="50") for place in places]
    async with bank.loaded():
        await asyncio.gather(*[victim.dies(within=60) for victim in victims])
        await bank.start().ready()
    await bank.quiet()
    await bank.check()


@pytest.mark.parametrize(("failpoint", "sent_twice"), [("relay.before_send@2", False), ("relay.before_delete@2", True)])
async def test_what_a_killed_relay_left_is_published_by_the_next(bank: Bank, failpoint: str, sent_twice: bool) -> None:
    await bank.tell(bank.opening(20))
    victim = bank.start(failpoint)
    await bank.load(20)
    await victim.dies()
    died = time.monotonic()
    assert bank.database["outbox"].count_documents({}) > 0
    bank.start()
    await bank.quiet()
    assert time.monotonic() - died < 15
    repeats = await bank.check()
    assert (repeats > 0) == sent_twice
    assert bank.counts("bank.turnover.v1")["duplicates"] == repeats
