"""What has to be true after the week. Each check names what differs; nothing said is all well."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence

import httpx

from deploy.replay.demo.desk import Asked, Ticket
from deploy.replay.shelves import Shelf
from deploy.replay.watch import Moment
from shared.contracts.inquiries import InquiryStatus
from shared.contracts.order_state import OrderState

AT_ONCE = 8


async def orders(client: httpx.AsyncClient, url: str, order_ids: Sequence[str]) -> dict[str, OrderState]:
    seats = asyncio.Semaphore(AT_ONCE)

    async def order(order_id: str) -> OrderState:
        async with seats:
            answer = await client.get(f"{url}/orders/{order_id}")
            return OrderState.model_validate_json(answer.raise_for_status().content)

    return dict(zip(order_ids, await asyncio.gather(*map(order, order_ids)), strict=True))


def stale_cards(tickets: Sequence[Ticket], asked: Sequence[Asked], orders: Mapping[str, OrderState]) -> Iterator[str]:
    """Every ticket shows its order's newest state."""
    for ticket, question in zip(tickets, asked, strict=True):
        named = f"ticket {ticket.inquiry_id} of order {question.order_id}"
        if ticket.order is None:
            yield f"{named} shows no order: {ticket.order_state}"
        elif ticket.order.state != orders[question.order_id]:
            yield f"{named} shows {ticket.order.state.status}, not the newest: {orders[question.order_id].status}"


def asleep(tickets: Sequence[Ticket], asked: Sequence[Asked]) -> Iterator[str]:
    if not any(question.waited for question in asked):
        yield "no ticket ever waited for its order to ship"
    for ticket, question in zip(tickets, asked, strict=True):
        if question.waited and ticket.status is InquiryStatus.WAITING_EVENT:
            yield f"ticket {ticket.inquiry_id} still waits though order {question.order_id} has shipped or is cancelled"


def wrong_shelves(found: Mapping[str, Shelf], wanted: Mapping[str, Shelf], sent: int) -> Iterator[str]:
    """A product that was only ever on the list has an empty shelf."""
    if len(found) != sent:
        yield f"catalog has {len(found):,} products, {sent:,} were sent"
    for product_id, shelf in found.items():
        right = wanted.get(product_id, Shelf(on_hand=0, reserved=0, available=0))
        if shelf != right:
            yield f"product {product_id} has {shelf}, expected {right}"


def waiting_records(moment: Moment) -> Iterator[str]:
    for name, service in moment.standings.items():
        if service.held or service.parked:
            yield f"{name} has {service.held} held and {service.parked} parked records, expected none"
