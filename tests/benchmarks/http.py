"""What people and shops ask of orders over HTTP: one-line orders placed, paid, confirmed and shipped."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack

from tests.benchmarks.caller import Answer, Caller
from tests.benchmarks.figures import Figure, Goal, latencies
from tests.benchmarks.measuring import cpu_seconds, records_taken
from tests.benchmarks.one_line import order_id, paid, placed, reserved
from tests.benchmarks.options import Options
from tests.benchmarks.place import Place, place
from tests.support.eventually import eventually
from tests.support.stack import Stack

ORDERS_OF = {1: 100, 8: 250, 64: 500}
"""By callers, so that each measurement takes about as long as the others."""
PER_SECOND = 250.0
Step = Callable[[Caller, int], Awaitable[Answer]]


async def _place(caller: Caller, number: int) -> Answer:
    return await caller.post("/orders", placed(number).model_dump(mode="json"))


async def _pay(caller: Caller, number: int) -> Answer:
    body = paid(number).model_dump(mode="json", exclude={"order_id"})
    return await caller.post(f"/orders/{order_id(number)}/payments", body)


async def confirm(caller: Caller, number: int) -> Answer:
    return await caller.post(f"/orders/{order_id(number)}/confirm")


async def _ship(caller: Caller, number: int) -> Answer:
    return await caller.post(f"/orders/{order_id(number)}/shipments", {"carrier": "bench", "tracking_no": str(number)})


async def run(stack: Stack, _options: Options) -> list[Figure]:
    figures: list[Figure] = []
    async with place(stack) as ground:
        await ground.start("orders")
        first = 0
        for callers, orders in ORDERS_OF.items():
            numbers = range(first, first := first + orders)
            figures += await _measured(ground, callers, numbers)
    return figures


async def _measured(ground: Place, callers: int, numbers: range) -> list[Figure]:
    """Catalog's answer comes between the halves and is not counted."""
    service = ground.services["orders"]
    cpu = cpu_seconds(service.pid)
    began = time.perf_counter()
    waits = await ask(service.url, callers, numbers, (_place, _pay))
    seconds = time.perf_counter() - began
    await _reserve(ground, numbers)
    began = time.perf_counter()
    waits += await ask(service.url, callers, numbers, (confirm, _ship))
    seconds += time.perf_counter() - began
    who = f"{callers} caller{'s' if callers > 1 else ''}"
    goal = Goal(least=PER_SECOND) if callers == max(ORDERS_OF) else None
    micros = (cpu_seconds(service.pid) - cpu) / len(waits) * 1e6
    return [
        Figure(who, len(waits) / seconds, "commands/s", goal),
        *latencies(who, waits),
        Figure(f"{who}, own CPU", micros, "µs/command"),
    ]


async def ask(url: str, callers: int, numbers: Iterable[int], steps: tuple[Step, ...]) -> list[float]:
    """How long each command took. Whoever is free takes the next order."""
    waiting = iter(numbers)
    waits: list[float] = []

    async def serve(caller: Caller) -> None:
        for number in waiting:
            for step in steps:
                began = time.perf_counter()
                answer = await step(caller, number)
                waits.append(time.perf_counter() - began)
                if answer.status not in (200, 201):
                    raise AssertionError(f"{step.__name__}: {answer.status} {answer.body[:300]!r}")

    async with AsyncExitStack() as connections:
        connected = [await connections.enter_async_context(Caller(url)) for _ in range(callers)]
        await asyncio.gather(*map(serve, connected))
    return waits


async def _reserve(ground: Place, numbers: range) -> None:
    await ground.send("catalog.events", map(reserved, numbers))
    database = ground.store.database("orders")

    async def taken() -> bool:
        return await records_taken(database, "catalog.events") == numbers.stop

    await eventually(taken, within=120)
