"""500 buyers at once, 300 units: exactly 300 get one, whichever way they order, with two processes of the catalog."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
import pytest_asyncio

from shared.contracts.catalog import ReservationStatus
from shared.contracts.inbox_orders import OrderSubmitted, SubmittedLine
from shared.contracts.order_state import StockStatus
from tests.catalog.builders import a_submission, won
from tests.support.answered import answered
from tests.support.eventually import eventually
from tests.support.memory import message_envelope
from tests.support.processes import Process
from tests.support.stack import Stack
from tests.support.store import Store

pytestmark = pytest.mark.stack
BUYERS, UNITS = 500, 300


class Shop:
    def __init__(self, store: Store, catalog: Process, orders: Process) -> None:
        self.store = store
        self.catalog = catalog
        self.orders = orders

    async def stocks(self, product_id: str) -> None:
        submission = a_submission(product_id, stock=UNITS).model_dump(mode="json")
        assert (await self.catalog.http.post("/products", json=submission)).status_code == 201

    async def over_http(self, orders: list[OrderSubmitted]) -> None:
        limits = httpx.Limits(max_connections=100)
        async with httpx.AsyncClient(base_url=self.orders.url, timeout=60, limits=limits) as buyers:
            await asyncio.gather(*(_placed(buyers, order) for order in orders))

    async def over_the_inbox(self, orders: list[OrderSubmitted]) -> None:
        now = datetime.now(UTC)
        await self.store.send("orders.inbox", [message_envelope(order, time=now) for order in orders])

    async def all_answered(self, product_id: str) -> Counter[str]:
        """How many orders of the product have which stock status, once none is pending."""
        found = self.store.database("orders").orders.find({"lines.product_id": product_id})
        statuses = Counter(order["stock"] for order in found)
        assert statuses.total() == BUYERS and not statuses[StockStatus.PENDING], statuses
        return statuses

    def movements(self, product_id: str) -> dict[str, int]:
        sums: defaultdict[str, int] = defaultdict(int)
        for row in self.store.database("catalog").stock_movements.find({"product_id": product_id}):
            sums["on_hand"] += row["on_hand"]
            sums["reserved"] += row["reserved"]
        return dict(sums)


@pytest_asyncio.fixture(scope="module")
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    async with Store(stack).opened() as store:
        first, _, orders = await asyncio.gather(store.start("catalog"), store.start("catalog"), store.start("orders"))
        yield Shop(store, first, orders)


async def _placed(buyers: httpx.AsyncClient, order: OrderSubmitted) -> None:
    body, headers = order.model_dump(mode="json"), {"Idempotency-Key": order.order_id}
    answer = await answered(lambda: buyers.post("/orders", json=body, headers=headers))
    assert answer.status_code == 201, answer.text


def order_of(product_id: str, n: int) -> OrderSubmitted:
    line = SubmittedLine(
        line_id="1", product_id=product_id, name="T-shirt", quantity=1, list_amount=won(1000), discount_amount=won(0)
    )
    order_id = f"{product_id}-{n}"
    return OrderSubmitted(order_id=order_id, channel="web", currency="KRW", lines=(line,), shipping_fee=won(0))


@pytest.mark.parametrize("way", ["over_http", "over_the_inbox"])
async def test_never_oversold(shop: Shop, way: str) -> None:
    product_id = way.replace("_", "-")
    await shop.stocks(product_id)
    await getattr(shop, way)([order_of(product_id, n) for n in range(BUYERS)])
    statuses = await eventually(lambda: shop.all_answered(product_id), within=90)
    assert statuses == {StockStatus.RESERVED: UNITS, StockStatus.REJECTED: BUYERS - UNITS}
    reservations = shop.store.database("catalog").reservations.find({"lines.product_id": product_id})
    assert Counter(found["status"] for found in reservations) == {
        ReservationStatus.RESERVED: UNITS,
        ReservationStatus.REJECTED: BUYERS - UNITS,
    }
    product = (await shop.catalog.http.get(f"/products/{product_id}")).json()
    shelf = {name: product["options"][0][name] for name in ("on_hand", "reserved")}
    assert shelf == {"on_hand": UNITS, "reserved": UNITS} == shop.movements(product_id)
    assert product["status"] == "SOLD_OUT"
