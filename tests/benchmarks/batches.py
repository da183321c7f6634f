"""Many orders in one request, beside one request per order: confirmed, delayed and shipped."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.benchmarks.caller import Caller
from tests.benchmarks.figures import Figure, Goal
from tests.benchmarks.http import ask, confirm
from tests.benchmarks.measuring import records_taken
from tests.benchmarks.one_line import order_id, paid, placed, reserved, told
from tests.benchmarks.options import Options
from tests.benchmarks.place import Place, place
from tests.support.eventually import eventually
from tests.support.stack import Stack

LINES = 1_000
SECONDS = 1.5
CALLERS = 8


async def run(stack: Stack, options: Options) -> list[Figure]:
    batches = [range(LINES * number, LINES * (number + 1)) for number in range(options.rounds)]
    one_by_one = range(LINES * options.rounds, LINES * (options.rounds + 1))
    async with place(stack) as ground:
        await ground.start("orders")
        await _to_ship(ground, range(one_by_one.stop))
        url = ground.services["orders"].url
        async with Caller(url) as caller:
            confirmed = [await _batch(caller, "/orders/confirm", {"order_ids": _ids(some)}) for some in batches]
            delayed = [await _batch(caller, "/orders/delay", _delay(some)) for some in batches]
            shipped = [await _batch(caller, "/orders/ship", {"parcels": _parcels(some)}) for some in batches]
        began = time.perf_counter()
        await ask(url, CALLERS, one_by_one, (confirm,))
        single = time.perf_counter() - began
    best = min(confirmed)
    return [
        Figure(
            f"{LINES:,} lines confirmed in one request, slowest of {len(batches)}",
            max(confirmed),
            "s",
            Goal(most=SECONDS),
        ),
        Figure("the fastest", best, "s"),
        Figure(f"{LINES:,} lines delayed, slowest", max(delayed), "s"),
        Figure(f"{LINES:,} lines shipped, slowest", max(shipped), "s"),
        Figure(f"{LINES:,} lines confirmed one by one, {CALLERS} callers", single, "s"),
        Figure("one by one against one request", single / best, "times"),
    ]


async def _to_ship(ground: Place, numbers: range) -> None:
    """Paid, and reserved by what catalog would answer."""
    await ground.send("orders.inbox", (told(message) for n in numbers for message in (placed(n), paid(n))))
    await ground.send("catalog.events", map(reserved, numbers))
    database = ground.store.database("orders")

    async def taken() -> bool:
        inbox, answers = await records_taken(database, "orders.inbox"), await records_taken(database, "catalog.events")
        return (inbox, answers) == (2 * len(numbers), len(numbers))

    await eventually(taken, within=120)
    await ground.quiet()


async def _batch(caller: Caller, path: str, body: Mapping[str, Any]) -> float:
    began = time.perf_counter()
    answer = await caller.post(path, body)
    seconds = time.perf_counter() - began
    statuses = {item["status"] for item in answer.json()["items"]}
    if statuses != {200}:
        raise AssertionError(f"{path}: {statuses}")
    return seconds


def _ids(numbers: range) -> list[str]:
    return list(map(order_id, numbers))


def _delay(numbers: range) -> dict[str, Any]:
    ship_by = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    return {"order_ids": _ids(numbers), "ship_by": ship_by, "reason": "PRODUCT_PREPARE"}


def _parcels(numbers: range) -> list[dict[str, str]]:
    return [{"order_id": order_id(n), "carrier": "bench", "tracking_no": f"B{n}"} for n in numbers]
