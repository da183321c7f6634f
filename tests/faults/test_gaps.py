"""Gaps in the offsets: a transactional producer leaves them, and so do records deleted too soon."""

import httpx
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete

from shared.contracts.envelope import encode
from tests.faults.bank import Bank, with_own_id
from tests.runtime.bank import Broken, Deposited
from tests.support.eventually import eventually
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


async def test_records_deleted_before_they_were_read_stop_their_partition_loudly(bank: Bank) -> None:
    """Kafka's client would go on behind them. Here the partition waits behind a full key while they are deleted."""
    async with bank.running(max_parked_per_key=1) as http:
        await bank.tell([*bank.opening(1), with_own_id(Broken(account_id="a0"))])
        await eventually(lambda: _has_read(bank, 2))
        await bank.tell(bank.deposits(5, 1))
        await eventually(lambda: _says(http, "queue behind a parked one"))
        await _delete_records(bank, before=4)
        assert (await http.post("/ops/parked/drop", json={"group": "bank", "key": "a0"})).is_success
        await eventually(lambda: _says(http, "the stored offset 2 is outside of the log [4, 7]"))
        assert bank.counts().total() == 2


async def _has_read(bank: Bank, count: int) -> bool:
    return bank.counts().total() == count


async def _says(http: httpx.AsyncClient, reason: str) -> bool:
    return reason in (await http.get("/health/ready")).text


async def _delete_records(bank: Bank, before: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bank.kafka)
    await admin.start()
    try:
        (partition,) = {record.partition for record in await read_all(bank.kafka, bank.topic("inbox"))}
        await admin.delete_records({TopicPartition(bank.topic("inbox"), partition): RecordsToDelete(before)})
    finally:
        await admin.close()
