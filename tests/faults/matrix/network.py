"""F9, F10: the way from one service to Kafka is closed, slow, or open at one end only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.faults.matrix.fault import Fault, Run
from tests.support.eventually import eventually
from tests.support.processes import Process

AWAY_SECONDS = 60.0
SLOW_SECONDS = 4.0
TAKEOVER_SECONDS = 30.0
DELAY_SECONDS = 0.15


@asynccontextmanager
async def _on_a_detour(run: Run, service: str) -> AsyncIterator[Process]:
    """The service reaches Kafka through a proxy meanwhile."""
    await run.shop.stop(service, run.only(service))
    await run.brokers.detour.open()
    try:
        process = run.shop.start(service, KAFKA_BOOTSTRAP_SERVERS=run.brokers.detour.address)
        await process.ready(60)
        await eventually(lambda: process.metric("sellerdesk_batches_total"))
        yield process
        await run.shop.stop(service, process)
        run.shop.start(service)
    finally:
        await run.brokers.detour.close()


async def unreachable(run: Run) -> None:
    """Commands over HTTP are taken meanwhile, and their events wait."""
    async with _on_a_detour(run, "orders") as process:
        run.prove("connections cut", run.brokers.detour.connections)
        await run.brokers.detour.close()
        await run.seconds(AWAY_SECONDS)
        run.prove("events waiting in the outbox", run.shop.count("orders", "outbox"))
        run.prove("not ready meanwhile", not await process.is_ready())
        await run.brokers.detour.open()
        run.strikes()
        await run.progress(["orders"])
        await process.ready()


async def slow_then_half_open(run: Run) -> None:
    """Slow first; then what was connected stays so, and nothing comes through any more."""
    async with _on_a_detour(run, "orders") as process:
        run.brokers.detour.delay = DELAY_SECONDS
        await run.progress(["orders"], records=20)
        await run.seconds(SLOW_SECONDS)
        run.brokers.detour.delay = 0.0
        run.prove("connections half open", run.brokers.detour.leave_half_open())
        run.strikes()
        await run.progress(["orders"], within=TAKEOVER_SECONDS)
        run.prove("bytes that went nowhere", run.brokers.detour.swallowed)
        await process.ready(60)


FAULTS = [
    Fault(
        "F9",
        f"Kafka unreachable from one service for {AWAY_SECONDS:.0f} s",
        unreachable,
        groups=["orders"],
        needs_brokers=True,
    ),
    Fault("F10", "slow, then half-open connections", slow_then_half_open, groups=["orders"], needs_brokers=True),
]
