"""What looking for orders costs in a store of 150,000: every filter of the list, and how many stand where."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import cycle, islice
from random import Random
from typing import Any
from urllib.parse import quote

from shared.contracts.order_state import ClaimStatus, ClaimType, OrderStatus
from tests.benchmarks.baskets import STORE
from tests.benchmarks.caller import Caller
from tests.benchmarks.figures import Figure, latencies
from tests.benchmarks.filled import fill
from tests.benchmarks.options import Options
from tests.benchmarks.place import Place, place
from tests.support.stack import Stack

ORDERS = 150_000
ASKED = 200
FURTHER = 20
MOST_P99 = 50.0
A_DAY = timedelta(days=1)


async def run(stack: Stack, _options: Options) -> list[Figure]:
    async with place(stack, STORE) as ground:
        orders = ground.store.database("orders")["orders"]
        began = time.perf_counter()
        await asyncio.to_thread(fill, orders, ORDERS)
        filled = time.perf_counter() - began
        await ground.start("orders")
        size = Figure("orders", orders.estimated_document_count(), "orders")
        asked = _questions(list(orders.aggregate([{"$sample": {"size": ASKED}}])))
        figures = [one for name, paths in asked.items() for one in await _waits(ground, name, paths)]
        figures += await _waits(
            ground, "further pages", [*asked["with a claim of a type"], *asked["of a popular product"]], FURTHER
        )
    return [size, Figure("filling", filled, "s"), *figures]


def _questions(some: Sequence[Mapping[str, Any]]) -> Mapping[str, Sequence[str]]:
    """Paths by what they look for: of customers, products and days as these orders have them."""
    draw = Random(7)
    days = [order["placed_at"] for order in some]
    return {
        "newest": ["/orders"],
        "of a status": [f"/orders?status={status}" for status in OrderStatus],
        "overdue": ["/orders?overdue=true"],
        "of a day": [f"/orders?{_between(day, day + A_DAY)}" for day in days],
        "of a status and a month": [f"/orders?status=DELIVERED&{_between(day, day + 30 * A_DAY)}" for day in days],
        "of a customer": [f"/orders?customer_id={order['customer_id']}" for order in some],
        "of a product": [f"/orders?product_id={draw.choice(order['lines'])['product_id']}" for order in some],
        "of a popular product": [f"/orders?product_id={product}" for product, _ in _bought(some).most_common(3)],
        "of a product and a status": [
            f"/orders?status=PAYED&product_id={draw.choice(order['lines'])['product_id']}" for order in some
        ],
        "with a claim of a type": [f"/orders?claim_type={type}" for type in ClaimType],
        "with a claim in a state": [f"/orders?claim_status={status}" for status in ClaimStatus],
        "with a claim of a type in a state": [
            f"/orders?claim_type={type}&claim_status={status}" for type in ClaimType for status in ClaimStatus
        ],
        "with a claim of a type, of a status": [
            f"/orders?claim_type={type}&status={status}" for type in ClaimType for status in OrderStatus
        ],
        "how many stand where": ["/orders/counts"],
    }


def _bought(orders: Sequence[Mapping[str, Any]]) -> Counter[str]:
    return Counter(line["product_id"] for order in orders for line in order["lines"])


def _between(first: datetime, last: datetime) -> str:
    return f"from={_text(first)}&to={_text(last)}"


def _text(moment: datetime) -> str:
    return quote(moment.isoformat() + "Z")


async def _waits(ground: Place, name: str, paths: Sequence[str], pages: int = 1) -> list[Figure]:
    """pages: how far each path is followed."""
    waits: list[float] = []
    async with Caller(ground.services["orders"].url) as caller:
        for path in islice(cycle(paths), ASKED // pages):
            here = path
            for _ in range(pages):
                began = time.perf_counter()
                answer = await caller.get(here)
                waits.append(time.perf_counter() - began)
                if answer.status != 200:
                    raise AssertionError(f"{here}: {answer.status} {answer.body[:300]!r}")
                if (cursor := answer.json().get("next_cursor")) is None:
                    break
                here = f"{path}&cursor={cursor}"
    return latencies(name, waits, most_p99=MOST_P99)
