"""A newer version of a service meets what the older one held and parked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar
from uuid import uuid4

import pytest

from shared.contracts.envelope import Envelope
from shared.runtime.handlers import Handlers
from shared.runtime.parking import Parking
from shared.runtime.service_runtime import ServiceRuntime
from shared.runtime.settings import ServiceSettings
from tests.runtime import bank
from tests.runtime.bank import ACCOUNT, BANK, AccountOpened, deposit, open_account
from tests.support.eventually import eventually
from tests.support.kafka import create_topics, producer, send
from tests.support.memory import MemoryRuntime, message_envelope
from tests.support.stack import Stack


class Deposited(bank.Deposited):
    version: ClassVar[int] = 2


STRICTER = Handlers("bank", topics=["bank.inbox"])
STRICTER.on(AccountOpened, ACCOUNT, create=open_account)

UPGRADED = Handlers("bank", topics=["bank.inbox"])
UPGRADED.on(AccountOpened, ACCOUNT, create=open_account)
UPGRADED.on(Deposited, ACCOUNT, decide=deposit)


def test_a_held_record_that_can_no_longer_be_read_is_parked_and_its_key_goes_on() -> None:
    before = MemoryRuntime("bank", BANK, [ACCOUNT])
    before.deliver(bank.Deposited(account_id="a", amount=5))
    after = MemoryRuntime("bank", STRICTER, [ACCOUNT])
    after.documents, after.held, after.seen = before.documents, before.held, before.seen
    after.deliver(AccountOpened(account_id="a", owner="o"))
    assert after.stored(ACCOUNT, "a").held == 0
    assert (after.held, [parked.fault.error for parked in after.parked]) == ({}, ["INVALID"])
    assert after.state(ACCOUNT, "a") is not None


class Deployment:
    """A version of the bank on topics and a database that outlive it."""

    def __init__(self, stack: Stack) -> None:
        prefix = f"u{uuid4().hex[:8]}-"
        self.settings = ServiceSettings(
            kafka_bootstrap_servers=stack.kafka, mongodb_uri=stack.mongo, topic_prefix=prefix
        )
        self.topics = [f"{prefix}bank.{name}" for name in ("inbox", "events", "rejected")]
        self._sent = 0

    @asynccontextmanager
    async def running(self, table: Handlers) -> AsyncIterator[ServiceRuntime]:
        runtime = ServiceRuntime("bank", self.settings, [table], [ACCOUNT], {})
        async with runtime.running():
            yield runtime

    async def tell(self, runtime: ServiceRuntime, *envelopes: Envelope) -> None:
        async with producer(self.settings.kafka_bootstrap_servers) as client:
            await send(client, self.topics[0], envelopes)
        self._sent += len(envelopes)

        async def are_read() -> bool:
            rows = await runtime.collection("offsets").find({}).to_list(None)
            return sum(sum(row.get("counts", {}).values()) for row in rows) == self._sent

        await eventually(are_read)


@pytest.mark.stack
@pytest.mark.parametrize("resent", [False, True])
async def test_a_message_of_the_future_sent_twice_counts_once_when_it_can_be_read(stack: Stack, resent: bool) -> None:
    deployment = Deployment(stack)
    await create_topics(stack.kafka, deployment.topics)
    future = message_envelope(Deposited(account_id="a", amount=5))
    async with deployment.running(BANK) as old:
        await deployment.tell(old, message_envelope(AccountOpened(account_id="a", owner="o")), future, future)
        assert await old.collection("parked").count_documents({"error": "UNKNOWN_VERSION"}) == 2
    async with deployment.running(UPGRADED) as new:
        if resent:
            await deployment.tell(new, future)
        assert len((await Parking(new).retry("bank", "a", "operator:7f3a")).applied) == 2
        await deployment.tell(new, future)
        account = await new.store.get(ACCOUNT, "a")
        assert account is not None and account.state is not None
        assert account.state.balance == 5
        await new.database.drop()
