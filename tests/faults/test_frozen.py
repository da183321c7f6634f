"""A process that is frozen past its session comes back as a zombie: it must not write what another has taken over."""

import signal

import pytest

from tests.faults.bank import Bank
from tests.support.eventually import eventually
from tests.support.processes import Process

pytestmark = pytest.mark.faults


async def test_a_zombie_that_has_not_written_yet_is_fenced(bank: Bank) -> None:
    zombie = await _zombie(bank, "consume.in_transaction")
    await eventually(lambda: zombie.metric("sellerdesk_fenced_total"))
    assert '"event": "fenced"' in zombie.output
    await _both_go_on(bank, zombie)


async def test_a_zombie_s_open_transaction_cannot_be_committed_any_more(bank: Bank) -> None:
    """MongoDB ended it. Run again, the batch is fenced; with its ten seconds over, it is given back."""
    zombie = await _zombie(bank, "consume.before_commit")

    async def is_refused() -> bool:
        return '"event": "fenced"' in zombie.output or '"event": "batch given back"' in zombie.output

    await eventually(is_refused)
    await _both_go_on(bank, zombie)


async def _zombie(bank: Bank, place: str) -> Process:
    """Frozen inside a batch until another process has done that batch and all others, then woken."""
    await bank.tell(bank.opening(20))
    zombie = bank.start(f"{place}@3:freeze", BANK_MAX_RECORDS="50")
    async with bank.loaded():
        await zombie.freezes()
        await bank.start().ready()
    await bank.quiet()
    assert zombie.frozen
    zombie.send(signal.SIGCONT)
    return zombie


async def _both_go_on(bank: Bank, zombie: Process) -> None:
    await zombie.ready()
    await bank.load(5)
    await bank.quiet()
    await bank.check()
