"""A ticket as it is read: its order's and product's cards joined at this moment, under one tag."""

import asyncio
from dataclasses import dataclass
from typing import Any

from pymongo import DESCENDING

from services.inquiries.domain import message, timeline
from services.inquiries.domain.inquiry import Inquiry
from services.inquiries.domain.order_card import OrderCard, Standing, standing
from services.inquiries.domain.product_card import ProductCard
from services.inquiries.repository import inquiry, messages_of, order_card, product_card, timeline_of
from services.inquiries.views import JoinedTicketView, MessageView, OrderView, TicketView
from shared.runtime.http import etag
from shared.runtime.service_runtime import ServiceRuntime

SHOWN_MESSAGES = 100
SHOWN_LINES = 100


@dataclass(frozen=True)
class Sight:
    """Everything a ticket's representation depends on. Cheap to take, so a long poll takes it again and again."""

    ticket: Inquiry
    revision: int
    version: int
    card: OrderCard
    product: ProductCard | None
    lines: int
    """Of the timeline: a late event adds one without changing the card."""

    @property
    def tag(self) -> str:
        product = self.product.sequence if self.product else 0
        return etag(self.revision, self.version, self.card.sequence, self.lines, product)

    @property
    def standing(self) -> Standing:
        return standing(self.ticket, self.card.order)


async def see(runtime: ServiceRuntime, id: str) -> Sight | None:
    stored = await runtime.store.get(inquiry, id)
    if stored is None or stored.state is None:
        return None
    ticket = stored.state
    card, lines, product = await asyncio.gather(
        _card(runtime, ticket.order_id), _count_lines(runtime, ticket.order_id), _product(runtime, ticket.product_id)
    )
    return Sight(ticket, stored.revision, stored.version, card, product, lines)


async def show(runtime: ServiceRuntime, sight: Sight) -> JoinedTicketView:
    """Lines and messages are read after the tag was taken: what is shown is never older than its tag."""
    ticket = sight.ticket
    messages, lines = await asyncio.gather(_messages(runtime, ticket), _lines(runtime, sight))
    order = OrderView.of(sight.card, sight.standing, lines) if shows_order(sight.standing) else None
    return JoinedTicketView.model_construct(
        **dict(TicketView.of(ticket)),
        messages=messages,
        order_state=sight.standing,
        customer_mismatch=sight.standing is Standing.MISMATCH,
        order=order,
        product_state=_product_state(sight),
        product=sight.product,
    )


def shows_order(standing: Standing) -> bool:
    return standing in (Standing.SHOWN, Standing.UNVERIFIED)


def _product_state(sight: Sight) -> str:
    if sight.ticket.product_id is None:
        return "no product"
    return "shown" if sight.product else "product not seen yet"


async def _card(runtime: ServiceRuntime, order_id: str | None) -> OrderCard:
    stored = await runtime.store.get(order_card, order_id) if order_id else None
    return (stored.state if stored else None) or OrderCard()


async def _product(runtime: ServiceRuntime, product_id: str | None) -> ProductCard | None:
    stored = await runtime.store.get(product_card, product_id) if product_id else None
    return stored.state if stored else None


async def _count_lines(runtime: ServiceRuntime, order_id: str | None) -> int:
    if order_id is None:
        return 0
    return int(await runtime.collection(timeline.COLLECTION).count_documents(timeline_of(order_id)))


async def _lines(runtime: ServiceRuntime, sight: Sight) -> list[dict[str, Any]]:
    if sight.ticket.order_id is None or not shows_order(sight.standing):
        return []
    return await _newest(runtime, timeline.COLLECTION, timeline_of(sight.ticket.order_id), SHOWN_LINES)


async def _messages(runtime: ServiceRuntime, ticket: Inquiry) -> tuple[MessageView, ...]:
    newest = await _newest(runtime, message.COLLECTION, messages_of(ticket), SHOWN_MESSAGES)
    return tuple(MessageView.model_validate(row) for row in reversed(newest))


async def _newest(runtime: ServiceRuntime, collection: str, rows: dict[str, Any], most: int) -> list[dict[str, Any]]:
    cursor = runtime.collection(collection).find(rows).sort([("_id", DESCENDING)]).limit(most)
    return list(await cursor.to_list(most))
