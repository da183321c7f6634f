"""How long it takes until a parcel that was handed over shows on its order's ticket, while many are.

All services run. The orders are placed, paid and reserved before, and each has a ticket; some of the tickets are
looked at by somebody whose long poll waits for news.
"""

import asyncio
import time
from datetime import UTC, datetime
from itertools import chain

from tests.benchmarks.caller import Caller
from tests.benchmarks.figures import Figure, Goal, latencies
from tests.benchmarks.measuring import resident_mb
from tests.benchmarks.one_line import asked, handed_over, inquiry_id, paid, placed, products, told
from tests.benchmarks.options import Options
from tests.benchmarks.place import SERVICES, Place, place
from tests.support.stack import Stack

PER_SECOND = 200
WATCHED = 20
"""One ticket in so many: looking keeps the machine busy, too."""
LOOKING_BEFORE = 0.5
"""Seconds that somebody has been looking at the ticket when the parcel leaves."""
WARM_UP_SECONDS = 3.0
P99_MILLISECONDS = 300.0


async def run(stack: Stack, options: Options) -> list[Figure]:
    warm_up = int(WARM_UP_SECONDS * PER_SECOND)
    orders = warm_up + int(options.seconds * PER_SECOND)
    async with place(stack) as ground:
        await ground.start(*SERVICES)
        await _prepare(ground, orders)
        waits, late = await _hand_over(ground, orders, warm_up)
        memory = {name: resident_mb(service.pid) for name, service in ground.services.items()}
    return [
        Figure("parcels", PER_SECOND, "parcels/s"),
        *latencies("handed over → ticket shows it", waits, most_p99=P99_MILLISECONDS),
        Figure("tickets looked at", len(waits), "tickets"),
        Figure("the bench's own delay in sending, at most", late * 1000, "ms"),
        *(Figure(f"{name}, memory after it", mb, "MB", Goal(most=250)) for name, mb in memory.items()),
    ]


async def _prepare(ground: Place, orders: int) -> None:
    await ground.send("catalog.inbox", products())
    await ground.quiet()
    numbers = range(orders)
    await ground.send("orders.inbox", map(told, chain(map(placed, numbers), map(paid, numbers))))
    await ground.send("inquiries.inbox", (told(asked(number)) for number in numbers))
    await ground.quiet()


async def _hand_over(ground: Place, orders: int, warm_up: int) -> tuple[list[float], float]:
    """Seconds from each parcel to its ticket, for the tickets looked at; and how late a parcel was sent at most."""
    told_before = [told(handed_over(number), datetime.now(UTC)) for number in range(orders)]
    began = time.perf_counter() + 1.0
    due = [began + number / PER_SECOND for number in range(orders)]
    sent: dict[int, float] = {}
    late = 0.0
    url = ground.services["inquiries"].url
    async with asyncio.TaskGroup() as group:
        watched = range(warm_up, orders, WATCHED)
        looks = {number: group.create_task(_see_shipped(url, number, due[number])) for number in watched}
        acknowledged = []
        for number, message in enumerate(told_before):
            await asyncio.sleep(max(0.0, due[number] - time.perf_counter()))
            sent[number] = time.perf_counter()
            late = max(late, sent[number] - due[number])
            acknowledged.append(await ground.store.post("orders.inbox", message))
        await asyncio.gather(*acknowledged)
    return [look.result() - sent[number] for number, look in looks.items()], late


async def _see_shipped(url: str, number: int, due: float) -> float:
    """When the ticket showed the parcel."""
    await asyncio.sleep(max(0.0, due - LOOKING_BEFORE - time.perf_counter()))
    path = f"/inquiries/{inquiry_id(number)}"
    async with Caller(url) as caller, asyncio.timeout(60):
        answer = await caller.get(path)
        while not answer.body or not answer.json()["order"]["state"]["shipments"]:
            answer = await caller.get(f"{path}?wait=20", If_None_Match=answer.headers["etag"])
        return time.perf_counter()
