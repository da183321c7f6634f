"""One orders service as a process on real Kafka and MongoDB, and what tests do to it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest_asyncio
from httpx import AsyncClient, Response

from shared.contracts.base import Message
from shared.contracts.catalog import ReservationState, ReservationStatus, ShortageCode, StockRejected, StockReserved
from shared.contracts.envelope import Envelope
from tests.support.eventually import eventually
from tests.support.memory import event_envelope, message_envelope
from tests.support.processes import Process
from tests.support.stack import Stack
from tests.support.store import Store

Json = dict[str, Any]


def won(amount: int) -> Json:
    return {"amount": amount, "currency": "KRW"}


MUGS = {
    "line_id": "1",
    "product_id": "prd_mug",
    "name": "Mug",
    "quantity": 3,
    "list_amount": won(10_000),
    "discount_amount": won(0),
}
ORDER: Json = {
    "channel": "web",
    "customer_id": "cus_1",
    "currency": "KRW",
    "lines": [MUGS],
    "shipping_fee": won(3_000),
    "recipient": {"name": "Hong Gildong", "address": "Jong-ro 1"},
}
PARCEL: Json = {"carrier": "CJGLS", "tracking_no": "T-1"}


@dataclass
class Shop:
    store: Store
    process: Process

    @property
    def http(self) -> AsyncClient:
        return self.process.http

    async def place(self, **fields: Any) -> Response:
        return await self.http.post("/orders", json=ORDER | fields)

    async def post(self, path: str, body: Json | None = None, actor: str = "seller:local") -> Response:
        return await self.http.post(path, json=body or {}, headers={"X-Actor": actor})

    async def order(self, id: str) -> Json:
        order: Json = (await self.http.get(f"/orders/{id}")).json()
        return order

    async def tell(self, *messages: Message | Envelope) -> None:
        told = [m if isinstance(m, Envelope) else message_envelope(m) for m in messages]
        await self.store.send("orders.inbox", told)

    async def stock(self, id: str, code: ShortageCode | None = None) -> None:
        """Catalog's answer, and the order after it."""
        status = ReservationStatus.RESERVED if code is None else ReservationStatus.REJECTED
        reservation = ReservationState(order_id=id, status=status, lines=())
        answer: StockReserved | StockRejected = (
            StockReserved(reservation=reservation)
            if code is None
            else StockRejected(reservation=reservation, code=code)
        )
        await self.store.send("catalog.events", [event_envelope(answer, id, 1)])
        await self.becomes(id, "stock", status)

    async def becomes(self, id: str, field: str, value: object) -> Json:
        async def look() -> Json:
            order = await self.order(id)
            assert order.get(field) == value, order
            return order

        return await eventually(look)


@pytest_asyncio.fixture(scope="session")
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    async with Store(stack).opened() as store:
        yield Shop(store, await store.start("orders"))


async def a_paid_order(shop: Shop, id: str, **fields: Any) -> None:
    await shop.place(order_id=id, **fields)
    paid = await shop.post(f"/orders/{id}/payments", {"amount": won(13_000), "method": "transfer"})
    assert paid.json()["status"] == "PAYED"
