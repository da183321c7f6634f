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
        before = _stored(bank)
        heir = bank.start(BANK_MAX_RECORDS="50")
        await heir.ready()
        await eventually(lambda: _has_gone_on(bank, before), within=45)
        zombie.send(signal.SIGCONT)
        await eventually(lambda: zombie.metric("sellerdesk_fenced_total"))
    await bank.quiet()
    assert "fenced" in zombie.output
    await bank.check()
    await zombie.ready()


def _stored(bank: Bank) -> dict[str, int]:
    return {row["_id"]: row["next"] for row in bank.database["offsets"].find()}


async def _has_gone_on(bank: Bank, before: dict[str, int]) -> bool:
    """In every partition of every group, so in those of the frozen batch too."""
    now = _stored(bank)
    return all(now[partition] > next for partition, next in before.items())
