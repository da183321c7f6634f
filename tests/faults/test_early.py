"""Messages that come before what they need: held, tried again, and never stuck."""

import asyncio
from functools import partial
from typing import Any

import httpx
import pytest

from tests.faults.bank import Bank, with_own_id
from tests.runtime.bank import Deposited, Transferred
from tests.support.answered import answered
from tests.support.eventually import eventually

pytestmark = pytest.mark.faults


async def test_a_message_too_early_waits_visibly_and_is_applied_once_it_can(bank: Bank) -> None:
    async with bank.running() as http:
        await bank.tell(bank.deposits(12, 4))
        await eventually(lambda: _held(http, 12))
        assert {item["waits_for"] for item in await _items(http)} == {f"account/a{n}" for n in range(4)}
        await bank.tell(bank.opening(4))
        await bank.quiet()
        await bank.check()
        assert await _items(http) == []


async def test_a_chain_of_waits_is_undone_from_its_end(bank: Bank) -> None:
    """Each account passes on what it gets from the next; only the last gets money from outside."""
    async with bank.running() as http:
        await bank.tell(bank.opening(8))
        await bank.tell([with_own_id(Transferred(account_id=f"a{n + 1}", to=f"a{n}", amount=9)) for n in range(7)])
        await eventually(lambda: _held(http, 7))
        await bank.tell([with_own_id(Deposited(account_id="a7", amount=9))])
        bank.balances["a0"] += 9
        await bank.quiet()
        balances = {row["_id"]: row["balance"] for row in bank.database["accounts"].find()}
        assert balances == dict(bank.balances)
        assert await _items(http) == []


async def test_holding_and_changing_at_the_same_moment_leaves_nothing_stuck(bank: Bank) -> None:
    """Deposits come by Kafka while their accounts are opened over HTTP, one by one: 320 races, won by either side."""
    first, second = bank.start(), bank.start()
    await asyncio.gather(first.ready(), second.ready())
    for start in range(0, 320, 80):
        ids = [f"a{n}" for n in range(start, start + 80)]
        deposits = [with_own_id(Deposited(account_id=id, amount=1)) for id in ids]
        await asyncio.gather(bank.tell(deposits), _open(first.http, ids[::2]), _open(second.http, ids[1::2]))
        bank.balances.update(ids)
    await bank.quiet()
    counts = bank.counts()
    assert counts["held"] > 0 and counts["applied"] > 0, f"the moments never met: {counts}"
    assert bank.database["accounts"].count_documents({"meta.held": {"$ne": 0}}) == 0
    await bank.check()


async def _open(http: httpx.AsyncClient, ids: list[str]) -> None:
    for id in ids:
        assert (await http.post("/accounts", json={"account_id": id, "owner": "o"})).status_code == 201


async def _items(http: httpx.AsyncClient) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await http.get("/ops/held", params={"limit": "200"})).json()["items"]
    return items


async def _held(http: httpx.AsyncClient, count: int) -> bool:
    return len(await _items(http)) == count


async def test_opening_the_same_account_by_http_and_kafka_at_once_opens_it_once(bank: Bank) -> None:
    async with bank.running() as http:
        opening = bank.opening(40)
        bodies = [{"account_id": f"a{n}", "owner": f"o{n}"} for n in range(40)]
        commands = [answered(partial(http.post, "/accounts", json=body)) for body in bodies]
        answers, _ = await asyncio.gather(asyncio.gather(*commands), bank.tell(opening))
        assert {answer.status_code for answer in answers} == {201}
        await bank.quiet()
        assert {account["meta"]["sequence"] for account in bank.database["accounts"].find()} == {1}
        await bank.check()
