"""Processes come and go under load."""

import asyncio

import pytest

from tests.faults.bank import Bank
from tests.support.eventually import eventually
from tests.support.processes import Process

pytestmark = pytest.mark.faults


async def test_from_one_process_to_two_and_back_under_load(bank: Bank) -> None:
    await bank.tell(bank.opening(20))
    first = bank.start(BANK_MAX_RECORDS="100")
    async with bank.loaded():
        await first.ready()
        second = bank.start(BANK_MAX_RECORDS="100")
        await second.ready()
        await asyncio.gather(_works(first), _works(second))
        before = bank.counts()["applied"]
        assert await first.stop() == 0, first.output[-3000:]
        await eventually(lambda: _applied_more(bank, before + 200), within=30)
    await bank.quiet()
    assert second.returncode is None
    assert await second.stop() == 0
    await bank.check()


async def _works(process: Process) -> None:
    await eventually(lambda: process.metric("sellerdesk_batches_total"))


async def _applied_more(bank: Bank, than: int) -> bool:
    return bank.counts()["applied"] > than
