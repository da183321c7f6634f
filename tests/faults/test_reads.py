"""What the API shows after an acknowledged command is that command's state or a newer one, in every process."""

import signal
from contextlib import suppress
from itertools import cycle
from typing import Any

import httpx
import pytest
from pymongo import MongoClient
from pymongo.errors import AutoReconnect, OperationFailure

from tests.faults.bank import Bank
from tests.support.eventually import eventually
from tests.support.processes import Process
from tests.support.stack import Stack

pytestmark = pytest.mark.faults


class Customer:
    """Deposits through any process, then reads from another: never less than was acknowledged."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self.acknowledged = 0
        self.unknown = 0

    async def deposits(self, writer: Process, reader: Process) -> bool:
        """Whether it was acknowledged; one whose answer got lost may have been done."""
        try:
            answer = await writer.http.post("/accounts/a0/deposits", json={"amount": 1})
        except httpx.TransportError:
            self.unknown += 1
            return False
        if answer.status_code == 503:
            self.unknown += 1
            return False
        assert answer.is_success, answer.text
        self.acknowledged += 1
        assert answer.json()["balance"] >= self.acknowledged
        seen = await self.reads(reader)
        assert seen is None or self.acknowledged <= seen <= self.acknowledged + self.unknown
        return True

    async def reads(self, reader: Process) -> int | None:
        """None where nobody answers right now."""
        with suppress(httpx.TransportError):
            answer = await reader.http.get("/accounts/a0")
            if answer.is_success:
                body: dict[str, Any] = answer.json()
                return int(body["balance"])
        return None


async def test_reads_follow_acknowledged_commands_while_processes_are_killed(bank: Bank) -> None:
    first, second = bank.start(), bank.start()
    await first.ready()
    await second.ready()
    customer = await _customer(bank, first)
    for writer, reader in ((first, second), (second, first), (first, second)):
        for _ in range(20):
            assert await customer.deposits(writer, reader)
    first.send(signal.SIGKILL)
    await first.dies()
    third = bank.start()
    for _ in range(20):
        assert await customer.deposits(second, second)
    await third.ready()
    for _ in range(20):
        assert await customer.deposits(third, second)
    assert await customer.reads(third) == customer.acknowledged == 100


async def test_reads_follow_acknowledged_commands_over_a_step_down(bank: Bank, stack: Stack) -> None:
    first, second = bank.start(), bank.start()
    await first.ready()
    await second.ready()
    customer = await _customer(bank, first)
    pairs = cycle([(first, second), (second, first)])
    for _ in range(10):
        assert await customer.deposits(*next(pairs))
    _step_down(stack.mongo)
    outcomes = [await customer.deposits(*next(pairs)) for _ in range(10)]

    async def takes_commands() -> bool:
        return await customer.deposits(*next(pairs))

    await eventually(takes_commands, within=40)
    for _ in range(10):
        assert await customer.deposits(*next(pairs))
    balance = await customer.reads(first)
    assert balance is not None and balance == await customer.reads(second)
    assert customer.acknowledged <= balance <= customer.acknowledged + customer.unknown, outcomes


async def _customer(bank: Bank, process: Process) -> Customer:
    assert (await process.http.post("/accounts", json={"account_id": "a0", "owner": "o"})).status_code == 201
    return Customer(bank)


def _step_down(uri: str) -> None:
    with MongoClient[dict[str, Any]](uri) as client, suppress(AutoReconnect, OperationFailure):
        client.admin.command("replSetStepDown", 2, force=True)
