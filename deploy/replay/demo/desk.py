"""The customer center's desk: opens tickets as a chat system would, and reads them as an agent does."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import TypeVar

import httpx
from pydantic import BaseModel

from shared.contracts.inquiries import Category, InquiryStatus
from shared.contracts.order_state import OrderState

T = TypeVar("T")
AT_ONCE = 8
QUESTIONS = {
    Category.ORDER_DELIVERY: "When will my order arrive?",
    Category.ORDER_CANCEL: "Can I still cancel this order?",
    Category.ORDER_RETURN_REFUND: "I would like my money back for one of the items.",
    Category.PAYMENT_RECEIPT: "Please send me a receipt.",
}


@dataclass(frozen=True)
class Customer:
    """Who asks about which order."""

    order_id: str
    customer_id: str


@dataclass(frozen=True)
class Asked:
    inquiry_id: str
    order_id: str
    waited: bool
    """For the shipment, and it had not happened yet."""


class TimelineLine(BaseModel):
    sequence: int
    type: str
    occurred_at: datetime


class OrderCard(BaseModel):
    as_of: datetime
    sequence: int
    state: OrderState
    timeline: list[TimelineLine]


class Said(BaseModel):
    author: str
    public: bool
    text: str


class Draft(BaseModel):
    text: str


class Ticket(BaseModel):
    """The answer of GET /inquiries/{id}, as far as the demo looks at it."""

    inquiry_id: str
    status: InquiryStatus
    missing_fields: list[str]
    order_state: str
    order: OrderCard | None
    messages: list[Said]
    draft: Draft | None


class Desk:
    def __init__(self, client: httpx.AsyncClient, url: str, seed: int) -> None:
        self._client = client
        self._url = url
        self._random = Random(seed)
        self._seats = asyncio.Semaphore(AT_ONCE)

    async def open(self, customers: Sequence[Customer], wait_share: float) -> list[Asked]:
        """One ticket each; the given share of them asks about the delivery and waits until the order ships."""
        waiting = [self._random.random() < wait_share for _ in customers]
        return await self._each(
            self._ask(customer, Category.ORDER_DELIVERY if waits else self._random.choice(list(QUESTIONS)), waits)
            for customer, waits in zip(customers, waiting, strict=True)
        )

    async def read(self, tickets: Sequence[Asked]) -> list[Ticket]:
        return await self._each(self.look(ticket) for ticket in tickets)

    async def look(self, ticket: Asked) -> Ticket:
        answer = await self._client.get(f"{self._url}/inquiries/{ticket.inquiry_id}")
        return Ticket.model_validate_json(answer.raise_for_status().content)

    async def _ask(self, customer: Customer, category: Category, waits: bool) -> Asked:
        body = {
            "channel": "web",
            "category": category,
            "order_id": customer.order_id,
            "customer_id": customer.customer_id,
            "text": QUESTIONS[category],
        }
        opened = (await self._client.post(f"{self._url}/inquiries", json=body)).raise_for_status().json()
        waiting = waits and await self._wait(opened["inquiry_id"])
        return Asked(opened["inquiry_id"], customer.order_id, waiting)

    async def _wait(self, inquiry_id: str) -> bool:
        answer = await self._client.post(f"{self._url}/inquiries/{inquiry_id}/wait", json={"for": "shipped"})
        return bool(answer.raise_for_status().json()["status"] == InquiryStatus.WAITING_EVENT)

    async def _each(self, work: Iterable[Awaitable[T]]) -> list[T]:
        return list(await asyncio.gather(*(self._seated(one) for one in work)))

    async def _seated(self, work: Awaitable[T]) -> T:
        async with self._seats:
            return await work
