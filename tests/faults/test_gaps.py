"""A transactional producer on the inbox: aborted records and markers leave gaps in the offsets."""

import pytest

from shared.contracts.envelope import encode
from tests.faults.bank import Bank, with_own_id
from tests.runtime.bank import Deposited
from tests.support.kafka import producer, read_all, send

pytestmark = pytest.mark.faults


async def test_aborted_records_are_never_applied_and_gaps_lose_nothing(bank: Bank) -> None:
    async with bank.running(), producer(bank.kafka, transactional_id=f"{bank.prefix}sender") as sender:
        await bank.tell(bank.opening(8))
        for _ in range(3):
            async with sender.transaction():
                await send(sender, bank.topic("inbox"), bank.deposits(20, 8))
            bank.sent += 20
            await sender.begin_transaction()
            aborted = [with_own_id(Deposited(account_id=f"a{n}", amount=1_000)) for n in range(8)]
            await send(sender, bank.topic("inbox"), aborted)
            await sender.abort_transaction()
        await bank.quiet()
        await bank.check()
        records = await read_all(bank.kafka, bank.topic("inbox"))
        ends = {record.partition: record.offset for record in records}
        assert sum(ends.values()) > len(records), "no gaps: the fault did not hit"


async def test_an_open_transaction_holds_nobody_up_but_its_partition(bank: Bank) -> None:
    async with bank.running(), producer(bank.kafka, transactional_id=f"{bank.prefix}sender") as sender:
        await bank.tell(bank.opening(8))
        await bank.quiet()
        await sender.begin_transaction()
        key, value, headers = encode(with_own_id(Deposited(account_id="a0", amount=1)))
        await sender.send_and_wait(bank.topic("inbox"), value, key, partition=0, headers=headers)
        deposits = bank.deposits(40, 8)
        await bank.tell([*deposits])
        await sender.commit_transaction()
        bank.sent += 1
        bank.balances["a0"] += 1
        await bank.quiet()
        await bank.check()
