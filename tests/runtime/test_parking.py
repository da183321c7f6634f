"""Parked records on real Kafka and MongoDB: listed, retried in order once the bug is fixed, or dropped."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from shared.contracts.base import Message
from shared.runtime.mongo import Database
from shared.runtime.service import build_app
from tests.faults.bank_service import BankSettings, build
from tests.runtime.bank import AccountOpened, Broken, Deposited, OwnerChanged
from tests.support.kafka import create_topics, eventually, producer, send
from tests.support.memory import message_envelope
from tests.support.stack import Stack

pytestmark = pytest.mark.stack


class Branch:
    """One running process's worth of the bank, in this process."""

    def __init__(self, app: FastAPI, http: httpx.AsyncClient) -> None:
        self.http = http
        self._runtime = app.state.runtime

    async def tell(self, messages: Iterable[Message]) -> None:
        """Send each as a message of its own; returns once all are read."""
        settings = self._runtime.settings
        envelopes = [message_envelope(message, id=uuid4().hex) for message in messages]
        known = await self._read()
        async with producer(settings.kafka_bootstrap_servers) as client:
            await send(client, f"{settings.topic_prefix}bank.inbox", envelopes)

        async def are_read() -> bool:
            return await self._read() >= known + len(envelopes)

        await eventually(are_read)

    async def _read(self) -> int:
        return sum(sum(row.get("counts", {}).values()) for row in await self.rows("offsets", group="bank"))

    async def rows(self, collection: str, **filter: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await self._runtime.collection(collection).find(filter).to_list(None)
        return rows

    async def parked(self, **filter: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.http.get("/ops/parked", params=filter)).json()["items"]
        return items

    async def post(self, what: str, key: str, **selection: Any) -> dict[str, Any]:
        answer = await self.http.post(f"/ops/parked/{what}", json={"group": "bank", "key": key, **selection})
        assert answer.is_success, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def account(self, id: str) -> tuple[str, int]:
        body = (await self.http.get(f"/accounts/{id}")).json()
        return body["owner"], body["balance"]

    async def is_ready(self) -> bool:
        return (await self.http.get("/health/ready")).is_success

    async def reasons(self) -> str:
        return " ".join((await self.http.get("/health/ready")).json()["reasons"])


Open = Callable[..., AbstractAsyncContextManager[Branch]]


@pytest.fixture
async def open_bank(stack: Stack) -> AsyncIterator[Open]:
    """Starts the bank, again on the same topics and database with other settings: a deployment."""
    prefix = f"p{uuid4().hex[:8]}-"
    await create_topics(stack.kafka, [f"{prefix}bank.{name}" for name in ("inbox", "events", "rejected")])

    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[Branch]:
        where = {"kafka_bootstrap_servers": stack.kafka, "mongodb_uri": stack.mongo, "topic_prefix": prefix}
        app = build_app(build(BankSettings(**{**where, **settings})))
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://bank") as http,
        ):
            branch = Branch(app, http)
            await eventually(branch.is_ready)
            yield branch

    yield opened
    database = Database(stack.mongo, f"{prefix}bank")
    await database.drop()
    database.close()


A_DAY = [
    AccountOpened(account_id="a", owner="first"),
    Broken(account_id="a"),
    Deposited(account_id="a", amount=5),
    OwnerChanged(account_id="a", owner="last"),
    AccountOpened(account_id="b", owner="other"),
    Deposited(account_id="b", amount=7),
]


async def test_after_a_fix_a_key_goes_on_in_its_order(open_bank: Open) -> None:
    async with open_bank() as buggy:
        await buggy.tell(A_DAY)
        assert [(row["error"], row["queued"]) for row in await buggy.parked(key="a")] == [
            ("RAISED", False),
            ("QUEUED", True),
            ("QUEUED", True),
        ]
        assert await buggy.account("a") == ("first", 0)
        assert await buggy.account("b") == ("other", 7)
        still = await buggy.post("retry", "a")
        assert (still["applied"], len(still["still_parked"])) == ([], 3)
        assert [row["attempts"] for row in await buggy.parked(key="a")] == [2, 1, 1]
    async with open_bank(repaired=True) as fixed:
        dry = await fixed.post("retry", "a", dry_run=True)
        assert len(dry["applied"]) == 3
        assert len(await fixed.parked()) == 3
        assert await fixed.account("a") == ("first", 0)
        assert await fixed.post("retry", "a", actor="operator:kim") == {**dry, "dry_run": False}
        assert await fixed.account("a") == ("last", 5)
        assert await fixed.parked() == []
        assert (await fixed.post("retry", "a"))["applied"] == []
        await fixed.tell([Deposited(account_id="a", amount=1)])
        assert await fixed.account("a") == ("last", 6)
        audit = [row for row in await fixed.rows("audit") if row["actor"] == "operator:kim"]
        assert [(row["what"], row["records"]) for row in audit] == [("retry", dry["applied"])]


async def test_retrying_at_the_same_time_applies_once(open_bank: Open) -> None:
    async with open_bank() as buggy:
        await buggy.tell(A_DAY)
    async with open_bank(repaired=True) as fixed:
        results = await asyncio.gather(*[fixed.post("retry", "a") for _ in range(4)])
        assert sorted(len(result["applied"]) for result in results) == [0, 0, 0, 3]
        assert await fixed.account("a") == ("last", 5)


async def test_a_retry_while_more_records_of_the_key_arrive_loses_and_reorders_none(open_bank: Open) -> None:
    async with open_bank() as buggy:
        await buggy.tell(A_DAY)
    async with open_bank(repaired=True) as fixed:
        deposits = [Deposited(account_id="a", amount=1) for _ in range(60)]
        told = asyncio.create_task(fixed.tell(deposits))
        while not told.done():
            await fixed.post("retry", "a")
        await told
        await fixed.post("retry", "a")
        assert await fixed.account("a") == ("last", 65)
        assert (await fixed.parked(), await fixed.rows("gates")) == ([], [])


async def test_a_dropped_record_leaves_its_bytes_in_the_audit_and_the_key_open(open_bank: Open) -> None:
    async with open_bank() as bank:
        await bank.tell(A_DAY)
        broken, *_ = await bank.parked(key="a")
        assert await bank.post("drop", "a", id=broken["id"], dry_run=True) == {
            "dropped": [broken["id"]],
            "dry_run": True,
        }
        assert len(await bank.parked()) == 3
        await bank.post("drop", "a", id=broken["id"], actor="operator:kim")
        assert len((await bank.post("retry", "a"))["applied"]) == 2
        assert await bank.account("a") == ("last", 5)
        assert await bank.rows("gates") == []
        (audit,) = await bank.rows("audit", what="drop")
        assert audit["actor"] == "operator:kim"
        assert audit["records"][0]["record"]["value"] == b'{"account_id":"a"}'


async def test_a_full_key_pauses_its_partition_only_and_readiness_says_why(open_bank: Open) -> None:
    async with open_bank(max_parked_per_key=3) as bank:
        others = [f"o{n}" for n in range(12)]
        await bank.tell([AccountOpened(account_id=id, owner="o") for id in ["a", *others]])
        await bank.tell([Broken(account_id="a"), *[Deposited(account_id="a", amount=1) for _ in range(2)]])
        rest = [Deposited(account_id="a", amount=1), *[Deposited(account_id=id, amount=1) for id in others]]
        told = asyncio.create_task(bank.tell(rest))

        async def others_flow() -> bool:
            return [await bank.account(id) for id in others].count(("o", 1)) >= 6

        await eventually(others_flow)

        async def says_why() -> bool:
            return "a: too many records queue behind a parked one" in await bank.reasons()

        await eventually(says_why)
        assert not told.done()
        await bank.post("drop", "a")
        await told
        assert await bank.account("a") == ("o", 1)
        assert all([await bank.account(id) == ("o", 1) for id in others])
        await eventually(bank.is_ready)
