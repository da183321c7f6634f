"""A ticket as it is read: its order's and product's cards joined at this moment, under one tag."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, TypeVar

from pymongo import DESCENDING

from services.inquiries.domain import message, timeline
from services.inquiries.domain.inquiry import Inquiry
from services.inquiries.domain.order_card import OrderCard, Standing, standing
from services.inquiries.domain.product_card import ProductCard
from services.inquiries.repository import inquiry, messages_of, order_card, product_card, timeline_of
from services.inquiries.views import JoinedTicketView, MessageView, OrderView, TicketView
from shared.runtime.decision import Kind, Ref
from shared.runtime.http import etag
from shared.runtime.service_runtime import ServiceRuntime

S = TypeVar("S")
SHOWN_MESSAGES = 100
SHOWN_LINES = 100


@dataclass(frozen=True)
class Sight:
    """Everything a ticket's representation depends on. Cheap to take, so a lookout takes it again and again."""

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
    def refs(self) -> frozenset[Ref]:
        """The documents it was taken of."""
        refs = [inquiry.ref(self.ticket.inquiry_id)]
        refs += [order_card.ref(self.ticket.order_id)] if self.ticket.order_id else []
        refs += [product_card.ref(self.ticket.product_id)] if self.ticket.product_id else []
        return frozenset(refs)

    @property
    def standing(self) -> Standing:
        return standing(self.ticket, self.card.order)


async def see(runtime: ServiceRuntime, id: str) -> Sight | None:
    return (await see_all(runtime, [id])).get(id)


async def see_all(runtime: ServiceRuntime, ids: Collection[str]) -> dict[str, Sight]:
    """Those there are, with as many queries as for one."""
    stored = await runtime.store.get_many(inquiry, ids)
    tickets = {id: found.state for id, found in stored.items() if found.state}
    orders = {ticket.order_id for ticket in tickets.values() if ticket.order_id}
    products = {ticket.product_id for ticket in tickets.values() if ticket.product_id}
    cards, shown, lines = await asyncio.gather(
        _states(runtime, order_card, orders), _states(runtime, product_card, products), _count_lines(runtime, orders)
    )
    return {
        id: Sight(
            ticket=ticket,
            revision=stored[id].revision,
            version=stored[id].version,
            card=cards.get(ticket.order_id or "", OrderCard()),
            product=shown.get(ticket.product_id or ""),
            lines=lines.get(ticket.order_id or "", 0),
        )
        for id, ticket in tickets.items()
    }


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
        behind=runtime.behind("inquiries"),
    )


def shows_order(standing: Standing) -> bool:
    return standing in (Standing.SHOWN, Standing.UNVERIFIED)


def _product_state(sight: Sight) -> str:
    if sight.ticket.product_id is None:
        return "no product"
    return "shown" if sight.product else "product not seen yet"


async def _states(runtime: ServiceRuntime, kind: Kind[S], ids: Collection[str]) -> dict[str, S]:
    found = await runtime.store.get_many(kind, ids) if ids else {}
    return {id: stored.state for id, stored in found.items() if stored.state is not None}


async def _count_lines(runtime: ServiceRuntime, order_ids: Collection[str]) -> dict[str, int]:
    if not order_ids:
        return {}
    counting = [
        {"$match": {"$or": [timeline_of(order_id) for order_id in order_ids]}},
        {"$group": {"_id": "$order_id", "lines": {"$sum": 1}}},
    ]
    rows = await runtime.collection(timeline.COLLECTION).aggregate(counting).to_list(None)
    return {row["_id"]: row["lines"] for row in rows}


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
