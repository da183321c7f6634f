"""F1 to F4 and F24: processes killed or ended in the middle of their work."""

import asyncio
import signal
import time
from contextlib import suppress

import httpx

from deploy.local.ports import SERVICES
from tests.faults.matrix.fault import Fault, Run
from tests.support.eventually import eventually
from tests.support.processes import Process


async def dies_at_its_failpoint(run: Run, service: str, place: str) -> Process:
    """The first process of the service, which was started with one; somebody starts another one."""
    ended = [process for name, process in run.shop.ended if name == service]
    victim = [*ended, *run.shop.running[service]][0]
    await victim.dies(within=90)
    run.strikes()
    run.prove(f"{service} killed at {place}", victim.killed)
    return victim


async def before_publishing(run: Run) -> None:
    await dies_at_its_failpoint(run, "orders", "relay.before_send")
    await _resent(run)


async def _resent(run: Run) -> None:
    """What the relay left is published by the next one."""
    outbox = run.shop.database("orders")["outbox"]
    left = [row["_id"] for row in outbox.find()]
    run.prove("events left in the outbox", len(left))

    async def are_gone() -> bool:
        return not outbox.count_documents({"_id": {"$in": left}})

    await eventually(are_gone, within=60)
    run.measured["resent_seconds"] = round(time.monotonic() - run.struck_at, 2)


async def after_publishing(run: Run) -> None:
    """Kafka has the events, and their rows are still there: whoever comes next sends them again."""
    await dies_at_its_failpoint(run, "orders", "relay.before_delete")
    await _resent(run)
    await eventually(lambda: _duplicates(run), within=30)
    run.prove("duplicates dropped by consumers", await _duplicates(run))


async def _duplicates(run: Run) -> int:
    rows = [row for service in ("catalog", "inquiries") for row in run.shop.database(service)["offsets"].find()]
    return sum(row.get("counts", {}).get("duplicates", 0) for row in rows)


def around_the_commit(place: str) -> Fault:
    """In three services at once: the commands', the tickets', the sales'."""
    victims = ("orders", "inquiries", "analytics")

    async def strike(run: Run) -> None:
        for service in victims:
            await dies_at_its_failpoint(run, service, place)

    letter = {"consume.in_transaction": "a", "consume.before_commit": "b", "consume.after_commit": "c"}[place]
    failpoints = dict.fromkeys(victims, f"{place}@12")
    title = f"SIGKILL of three services at {place}"
    return Fault(f"F3{letter}", title, strike, failpoints, fast=letter == "b")


async def at_random(run: Run) -> None:
    """Every service, some of them twice, whatever they are doing."""
    for service in run.chance.sample([*SERVICES, *SERVICES], 8):
        await run.progress(records=60)
        for process in list(run.shop.running[service])[:1]:
            lag = await run.shop.lag()
            process.send(signal.SIGKILL)
            await process.dies()
            run.prove("killed", process.killed)
            run.prove("records in flight at the kills", sum(lag.values()))


async def told_to_end(run: Run) -> None:
    """SIGTERM under load, one service after the other: each ends with 0, and another one takes over."""
    for service in SERVICES:
        process = run.only(service)
        lag = await run.shop.lag()
        run.prove("ended with 0", await run.shop.stop(service, process) == 0)
        run.shop.start(service)
        run.prove("records in flight at the ends", sum(lag.values()))
        await run.progress(records=30)


async def rebuilt_meanwhile(run: Run) -> None:
    """Analytics is killed inside a rebuild, then everybody at random until a rebuild that is asked for is done."""
    process = run.only("analytics")
    rebuilding = asyncio.create_task(process.http.post("/ops/rebuild"))
    database = run.shop.database("analytics")
    await eventually(lambda: asyncio.to_thread(lambda: database["pauses"].count_documents({})), within=20)
    process.send(signal.SIGKILL)
    await process.dies()
    run.prove("killed inside a rebuild", not isinstance((await _outcome(rebuilding)), httpx.Response))
    killing = asyncio.create_task(at_random(run))
    done = 0
    while not killing.done() or done < 1:
        with suppress(httpx.HTTPError):
            done += (await run.shop.http("analytics").post("/ops/rebuild", timeout=10)).is_success
        await asyncio.sleep(1)
    await killing
    run.prove("rebuilds done", done)


async def _outcome(request: "asyncio.Task[httpx.Response]") -> object:
    (outcome,) = await asyncio.gather(request, return_exceptions=True)
    return outcome


FAULTS = [
    Fault(
        "F1",
        "SIGKILL between commit and publish",
        before_publishing,
        {"orders": "relay.before_send@15"},
        groups=["orders"],
    ),
    Fault(
        "F2",
        "SIGKILL after the broker's ack, before the row is gone",
        after_publishing,
        {"orders": "relay.before_delete@15"},
        groups=["orders"],
    ),
    around_the_commit("consume.in_transaction"),
    around_the_commit("consume.before_commit"),
    around_the_commit("consume.after_commit"),
    Fault("F4", "random SIGKILLs of every service under load", at_random),
    Fault("F21", "rollups rebuilt while analytics is killed", rebuilt_meanwhile, groups=["analytics.sales.v1"]),
    Fault("F24", "SIGTERM under load", told_to_end),
]
