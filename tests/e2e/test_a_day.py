"""A day of real baskets through the four services, by the commands a person types."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from deploy.local.ports import SERVICES
from deploy.replay.watch import session, until_quiet
from deploy.target import Target
from tests.support.command import sellerdesk
from tests.support.stack import Stack
from tests.support.store import Store

pytestmark = pytest.mark.stack
A_DAY = ("--from", "2017-11-23", "--to", "2017-11-23")
GROCER = {"STORE_CURRENCY": "USD", "STORE_TIMEZONE": "America/New_York"}


@dataclass(frozen=True)
class Shop:
    target: Target

    async def type(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        urls = {f"{name.upper()}_URL": url for name, url in self.target.urls.items()}
        where = {"KAFKA_BOOTSTRAP_SERVERS": self.target.kafka, "TOPIC_PREFIX": self.target.topic_prefix, **urls}
        return await asyncio.to_thread(sellerdesk, *arguments, within=300, **where)

    async def replay(self, *arguments: str) -> str:
        done = await self.type("replay", *arguments)
        assert done.returncode == 0, done.stderr
        async with session() as client:
            await until_quiet(client, self.target.urls)
        return done.stdout

    async def events(self) -> dict[str, int]:
        """Read so far, by service."""
        async with session() as client:
            moment = await until_quiet(client, self.target.urls)
        positions = {name: service.positions for name, service in moment.standings.items()}
        return {
            name: sum(end for (topic, _), end in read.items() if topic.endswith(".events"))
            for name, read in positions.items()
        }


@pytest_asyncio.fixture
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    async with Store(stack, **GROCER).opened() as store:
        processes = await asyncio.gather(*(store.start(name) for name in SERVICES))
        urls = {name: process.url for name, process in zip(SERVICES, processes, strict=True)}
        yield Shop(Target(stack.kafka, urls, store.prefix))


async def test_a_day_reconciles_with_the_files_however_often_it_is_sent(shop: Shop) -> None:
    assert "20 orders.OrderSubmitted.v1" in await shop.replay("completejourney", *A_DAY, "--limit", "20")
    part = await shop.type("reconcile", "--source", "completejourney", *A_DAY)
    assert part.returncode == 1
    assert "day 2017-11-23, gross: expected" in part.stdout
    assert "rows: all equal." in part.stdout
    assert "movements and all reservations: all equal." in part.stdout

    report = await shop.replay("completejourney", *A_DAY)
    whole = await shop.type("reconcile", "--source", "completejourney", *A_DAY)
    assert (whole.returncode, whole.stderr) == (0, "")
    assert "all equal. Other orders in the ledger: 0." in whole.stdout
    events = await shop.events()

    again = await shop.replay("completejourney", *A_DAY)
    assert again.splitlines()[:-1] == report.splitlines()[:-1]
    assert again.splitlines()[-1].startswith("Nothing changed: all of it had been sent before")
    assert await shop.events() == events
    assert (await shop.type("reconcile", "--source", "completejourney", *A_DAY)).stdout == whole.stdout

    rebuilt = await shop.type("rebuild", "analytics")
    assert (rebuilt.returncode, rebuilt.stderr) == (0, "")
    anew = await shop.type("reconcile", "--source", "completejourney", *A_DAY)
    assert anew.returncode == 0
    assert anew.stdout.splitlines()[1:] == whole.stdout.splitlines()[1:]


async def test_into_a_store_of_another_currency_nothing_is_sent(stack: Stack) -> None:
    async with Store(stack).opened() as store:
        catalog = await store.start("catalog")
        shop = Shop(Target(stack.kafka, dict.fromkeys(SERVICES, catalog.url), store.prefix))
        refused = await shop.type("replay", *A_DAY)
        assert (refused.returncode, refused.stderr) == (
            2,
            "This store counts in KRW and Asia/Seoul, completejourney in USD and America/New_York; nothing was sent.\n",
        )
        assert await store.read("catalog.inbox") == []
