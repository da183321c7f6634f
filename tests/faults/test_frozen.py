"""A process that is frozen past its session comes back as a zombie: it must not write what another has taken over."""

import signal

import pytest

from tests.faults.bank import Bank
from tests.support.kafka import eventually

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("place", ["consume.in_transaction", "consume.before_commit"])
async def test_a_zombie_s_batch_is_refused(bank: Bank, place: str) -> None:
    await bank.tell(bank.opening(20))
    zombie = bank.start(f"{place}@3:freeze", BANK_MAX_RECORDS="50")
    async with bank.loaded():
        await zombie.freezes()
        before = bank.counts().total()
        heir = bank.start(BANK_MAX_RECORDS="50")
        await heir.ready()
        await eventually(lambda: _has_gone_on(bank, before + 200), within=45)
        zombie.send(signal.SIGCONT)
        await eventually(lambda: zombie.metric("sellerdesk_fenced_total"))
    await bank.quiet()
    assert "fenced" in zombie.output
    await bank.check()
    await zombie.ready()


async def _has_gone_on(bank: Bank, count: int) -> bool:
    return bank.counts().total() > count
