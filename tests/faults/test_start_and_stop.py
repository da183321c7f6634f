"""A service that is started before its brokers, loses them, and ends when it is told to."""

import signal
import time

import pytest
from pymongo.uri_parser import parse_uri

from tests.faults.bank import Bank
from tests.support.eventually import eventually
from tests.support.processes import Process
from tests.support.proxy import Proxy
from tests.support.stack import Stack

pytestmark = pytest.mark.faults


def mongo_proxy(stack: Stack) -> tuple[Proxy, str]:
    """And the URI through it: a direct connection, so that the driver does not go round it by the set's own address."""
    host, port = parse_uri(stack.mongo)["nodelist"][0]
    proxy = Proxy(f"{host}:{port}")
    return proxy, f"mongodb://{proxy.address}/?directConnection=true"


async def reasons(process: Process) -> str:
    answer = await process.http.get("/health/ready")
    return " ".join(answer.json()["reasons"]) if answer.status_code == 503 else ""


async def _waits(process: Process) -> bool:
    return "waiting: " in await reasons(process)


async def test_started_before_mongodb_it_is_live_refuses_at_once_and_becomes_ready_by_itself(
    bank: Bank, stack: Stack
) -> None:
    proxy, uri = mongo_proxy(stack)
    process = bank.start(MONGODB_URI=uri)
    await eventually(process.is_live)
    await eventually(lambda: _waits(process))
    began = time.monotonic()
    answer = await process.http.post("/accounts", json={"account_id": "a0", "owner": "o0"})
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.headers["Retry-After"]
    assert time.monotonic() - began < 5
    await proxy.open()
    try:
        await process.ready()
        await bank.tell([*bank.opening(4), *bank.deposits(20, 4)])
        await bank.quiet()
        await bank.check()
        await proxy.close()
        await eventually(lambda: reasons(process), within=20)
        began = time.monotonic()
        assert (await process.http.get("/accounts/a0")).status_code == 503
        assert time.monotonic() - began < 5
        await bank.tell(bank.deposits(20, 4))
        await proxy.open()
        await process.ready()
        await bank.quiet()
    finally:
        await proxy.close()


async def test_started_before_kafka_it_takes_commands_and_publishes_them_later(bank: Bank) -> None:
    """Kafka's advertised address goes round the proxy: what is tested is the start, and the outbox meanwhile."""
    proxy = Proxy(bank.kafka)
    process = bank.start(KAFKA_BOOTSTRAP_SERVERS=proxy.address)
    await eventually(process.is_live)

    async def is_open() -> bool:
        answer = await process.http.post("/accounts", json={"account_id": "a0", "owner": "o0"})
        return answer.status_code == 201

    await eventually(is_open)
    bank.balances["a0"] = 0
    await eventually(lambda: _waits(process))
    assert bank.database["outbox"].count_documents({}) == 1
    assert (await process.http.get("/ops/status")).is_success
    await proxy.open()
    try:
        await process.ready()
        await bank.quiet()
        await bank.check()
    finally:
        await proxy.close()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
async def test_it_ends_with_0_within_seconds_also_during_a_batch(bank: Bank, sign: signal.Signals) -> None:
    await bank.tell(bank.opening(20))
    process = bank.start()
    await process.ready()
    async with bank.loaded():
        await eventually(lambda: process.metric("sellerdesk_batches_total"))
        began = time.monotonic()
        process.send(sign)
        assert await process.ends() == 0, process.output[-3000:]
        assert time.monotonic() - began < 10
    assert "Traceback" not in process.output
    assert bank.database["leases"].count_documents({"owner": {"$exists": True}}) == 0
    bank.start()
    await bank.quiet()
    await bank.check()


async def test_it_ends_with_0_while_nothing_answers(bank: Bank) -> None:
    process = bank.start(MONGODB_URI="mongodb://127.0.0.1:1", KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    await eventually(process.is_live)
    process.send(signal.SIGTERM)
    assert await process.ends() == 0, process.output[-3000:]
