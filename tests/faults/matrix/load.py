"""A seeded market: products, orders with a life of their own, customers who ask, and what all of them saw.

Everything that was acknowledged is remembered, and every answer that shows how far something has come.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx

from shared.contracts.base import InboxMessage, Money
from shared.contracts.envelope import Envelope
from shared.contracts.inbox_catalog import ProductSubmitted, SubmittedOption
from shared.contracts.inbox_inquiries import InquirySubmitted
from shared.contracts.inbox_orders import (
    ClaimDecided,
    ClaimDecision,
    ClaimSubmitted,
    OrderSubmitted,
    ParcelCollected,
    PaymentCaptured,
    PickupStarted,
    RefundPaid,
    ShipmentDelivered,
    ShipmentHandedOver,
    SubmittedLine,
)
from shared.contracts.inquiries import Channel
from shared.contracts.order_state import ClaimType, Reason
from tests.faults.checking.snapshot import Acknowledged, Reading
from tests.faults.matrix.shop import Shop

PRODUCTS = 10
PATIENCE_SECONDS = 120.0
NOT_YET = (404, 409)
TRY_AGAIN = (429, 500, 502, 503, 504)


class Lost(Exception):
    """A command that nobody answered in time."""


class Load:
    def __init__(self, shop: Shop, seed: int, *, customers: int = 6) -> None:
        self.orders: list[str] = []
        self.tickets: list[str] = []
        self.failures: list[str] = []
        self._shop = shop
        self._chance = random.Random(seed)
        self._seed = seed
        self._customers = customers
        self._patience = PATIENCE_SECONDS
        self._enough = asyncio.Event()
        self._going = asyncio.Event()
        self._going.set()
        self._tasks: list[asyncio.Task[None]] = []

    # -- life -------------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        for n in range(PRODUCTS):
            await self.tell(a_product(f"prd_{n}"))
        self._tasks = [asyncio.create_task(self._customer(n)) for n in range(self._customers)]

    async def end(self, patience: float = PATIENCE_SECONDS) -> None:
        """Every life that began goes on to its end, or as far as it comes with answers within so many seconds."""
        self._patience = patience
        self._enough.set()
        done = await asyncio.gather(*self._tasks, return_exceptions=True)
        self.failures += [repr(error) for error in done if isinstance(error, Exception)]

    @asynccontextmanager
    async def holding_its_breath(self) -> AsyncIterator[None]:
        """Meanwhile nobody tells or asks anything new."""
        self._going.clear()
        try:
            yield
        finally:
            self._going.set()

    async def _customer(self, number: int) -> None:
        """Buys again and again; everything that happens to an order is decided by the seed and its number."""
        bought = 0
        while not self._enough.is_set():
            bought += 1
            await self._live(f"{self._seed}-{number}-{bought}", random.Random(f"{self._seed}/{number}/{bought}"))

    async def _live(self, name: str, chance: random.Random) -> None:
        order = an_order(f"ord_{name}", chance)
        self.orders.append(order.order_id)
        stories = [self._shipped, self._cancelled, self._returned, self._shuffled, self._asked]
        (story,) = chance.choices(stories, [3, 2, 1, 2, 3])
        await story(order, chance)
        await self.see("orders", f"/orders/{order.order_id}", f"customer {name}")
        await self._pause(chance.uniform(0, 0.2))

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._enough.wait(), seconds)

    # -- stories ----------------------------------------------------------------------------------------------

    async def _shipped(self, order: OrderSubmitted, chance: random.Random) -> None:
        id = order.order_id
        await self.place(order, chance)
        await self.tell(payment_of(order))
        await self.do("orders", f"/orders/{id}/confirm", {}, id, patient=True)
        await self.tell(a_parcel(id), an_arrival(id))
        product = chance.randrange(PRODUCTS)
        edit = {"description": f"as {id} saw it"}
        await self.do("catalog", f"/products/prd_{product}", edit, f"prd_{product}", "PATCH", patient=True)

    async def _cancelled(self, order: OrderSubmitted, chance: random.Random) -> None:
        id = order.order_id
        await self.place(order, chance)
        claim = ClaimSubmitted(
            order_id=id, claim_id=f"c_{id}", type=ClaimType.CANCEL, reason=Reason.INTENT_CHANGED, decided=True
        )
        await self.tell(payment_of(order), claim, RefundPaid(order_id=id, claim_id=claim.claim_id))

    async def _returned(self, order: OrderSubmitted, chance: random.Random) -> None:
        await self.place(order, chance)
        await self.tell(*bought_and_sent_back(order))

    async def _shuffled(self, order: OrderSubmitted, chance: random.Random) -> None:
        """Nothing orders what different systems tell: what comes too early waits."""
        told: list[InboxMessage] = [order, payment_of(order), a_parcel(order.order_id), an_arrival(order.order_id)]
        chance.shuffle(told)
        await self.tell(*told)

    async def _asked(self, order: OrderSubmitted, chance: random.Random) -> None:
        """A customer asks before, while or after it ships, and an agent lets the ticket wait for it."""
        id, inquiry_id = order.order_id, f"inq_{order.order_id}"
        self.tickets.append(inquiry_id)
        steps: list[Callable[[], Awaitable[Any]]] = [
            lambda: self.place(order, chance),
            lambda: self.tell(payment_of(order)),
            lambda: self.tell(a_parcel(id)),
            lambda: self.tell(an_arrival(id)),
        ]
        asked = chance.randrange(5)
        steps.insert(asked, lambda: self._ask(order, inquiry_id, chance))
        for step in steps:
            await step()
            if len(self.tickets) % 3 == 0:
                await self.see("inquiries", f"/inquiries/{inquiry_id}", f"agent {inquiry_id}")

    async def _ask(self, order: OrderSubmitted, inquiry_id: str, chance: random.Random) -> None:
        question = InquirySubmitted(
            inquiry_id=inquiry_id,
            channel=Channel.WEB,
            customer_id=order.customer_id,
            order_id=order.order_id,
            product_id=order.lines[0].product_id,
            text="Where is my parcel?",
        )
        if chance.random() < 0.5:
            await self.tell(question)
        else:
            await self.do("inquiries", "/inquiries", question.model_dump(mode="json"), inquiry_id)
        await self.do("inquiries", f"/inquiries/{inquiry_id}/wait", {"for": "shipped"}, inquiry_id, patient=True)

    async def place(self, order: OrderSubmitted, chance: random.Random) -> None:
        if chance.random() < 0.5:
            await self.tell(order)
        else:
            await self.do("orders", "/orders", order.model_dump(mode="json"), order.order_id)

    # -- messages and commands --------------------------------------------------------------------------------

    async def tell(self, *messages: InboxMessage) -> list[Envelope]:
        """To the inbox of the service; acknowledged once Kafka has them."""
        await self._going.wait()
        envelopes = [self.envelope(message) for message in messages]
        service = messages[0].service
        await self._shop.send(f"{service}.inbox", envelopes)
        done = [Acknowledged(service, envelope.subject, envelope.id) for envelope in envelopes]
        self._shop.observed.acknowledged += done
        return envelopes

    def envelope(self, message: InboxMessage) -> Envelope:
        return Envelope(
            id=str(UUID(int=self._chance.getrandbits(128), version=4)),
            source="/market",
            type=message.wire_type(),
            time=datetime.now(UTC),
            subject=str(getattr(message, message.subject_field)),
            data=message.model_dump_json(by_alias=True).encode(),
            traceparent=f"00-{self._chance.getrandbits(128):032x}-{self._chance.getrandbits(64):016x}-01",
        )

    async def do(
        self, service: str, path: str, body: Any, subject: str, method: str = "POST", *, patient: bool = False
    ) -> Any:
        """Over HTTP, the same command again until it is answered; patient: also until it is allowed."""
        trace = f"{self._chance.getrandbits(128):032x}"
        headers = {
            "Idempotency-Key": trace,
            "traceparent": f"00-{trace}-{self._chance.getrandbits(64):016x}-01",
            "If-Match": "*",
        }
        wait_on = (*TRY_AGAIN, *NOT_YET) if patient else TRY_AGAIN
        answer = await self._ask_until(wait_on, service, method, path, json=body, headers=headers)
        if not answer.is_success:
            raise Lost(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        self._shop.observed.acknowledged.append(Acknowledged(service, subject, trace=trace))
        return answer.json()

    async def see(self, service: str, path: str, reader: str) -> None:
        """Read something and remember how far it had come, by its ETag."""
        answer = await self._ask_until(TRY_AGAIN, service, "GET", path)
        if answer.is_success:
            numbers = tuple(int(part) for part in answer.headers["ETag"].strip('"').split("-"))
            self._shop.observed.readings.append(Reading(reader, path, numbers))

    async def _ask_until(
        self, wait_on: Sequence[int], service: str, method: str, path: str, **request: Any
    ) -> httpx.Response:
        clock = asyncio.get_running_loop().time
        asked_at = clock()
        said: object = "nothing"
        while clock() < asked_at + self._patience:
            await self._going.wait()
            with suppress(httpx.HTTPError, RuntimeError):
                answer = await self._shop.http(service).request(method, path, timeout=6, **request)
                if answer.status_code not in wait_on:
                    return answer
                said = answer.text[:300]
            await asyncio.sleep(self._chance.uniform(0.05, 0.2))
        raise Lost(f"{method} {path}: {said}")


def won(amount: int) -> Money:
    return Money(amount=amount, currency="KRW")


def a_product(id: str) -> ProductSubmitted:
    options = (SubmittedOption(option_id="default", stock=1_000_000),)
    return ProductSubmitted(product_id=id, name=f"Product {id}", list_price=won(9_990), options=options)


def an_order(id: str, chance: random.Random) -> OrderSubmitted:
    chosen = chance.sample(range(PRODUCTS), chance.randint(1, 3))
    lines = tuple(_line(str(n), f"prd_{product}", chance) for n, product in enumerate(chosen, start=1))
    return OrderSubmitted(
        order_id=id, channel="market", customer_id=f"cus_{id}", currency="KRW", lines=lines, shipping_fee=won(3_000)
    )


def _line(id: str, product_id: str, chance: random.Random) -> SubmittedLine:
    quantity = chance.randint(1, 4)
    return SubmittedLine(
        line_id=id,
        product_id=product_id,
        name=f"Product {product_id}",
        quantity=quantity,
        list_amount=won(9_990 * quantity),
        discount_amount=won(chance.randint(0, 999)),
    )


def payment_of(order: OrderSubmitted) -> PaymentCaptured:
    goods = sum(line.list_amount.amount - line.discount_amount.amount for line in order.lines)
    amount = won(goods + order.shipping_fee.amount)
    return PaymentCaptured(order_id=order.order_id, payment_id=f"pay_{order.order_id}", amount=amount)


def a_parcel(order_id: str) -> ShipmentHandedOver:
    return ShipmentHandedOver(order_id=order_id, shipment_id=f"shp_{order_id}", carrier="CJ", tracking_no=order_id)


def an_arrival(order_id: str) -> ShipmentDelivered:
    return ShipmentDelivered(order_id=order_id, shipment_id=f"shp_{order_id}")


def bought_and_sent_back(order: OrderSubmitted) -> list[InboxMessage]:
    id, claim_id = order.order_id, f"r_{order.order_id}"
    return [
        payment_of(order),
        a_parcel(id),
        an_arrival(id),
        ClaimSubmitted(order_id=id, claim_id=claim_id, type=ClaimType.RETURN, reason=Reason.BROKEN),
        PickupStarted(order_id=id, claim_id=claim_id),
        ParcelCollected(order_id=id, claim_id=claim_id),
        ClaimDecided(order_id=id, claim_id=claim_id, decision=ClaimDecision.APPROVED),
        RefundPaid(order_id=id, claim_id=claim_id),
    ]
