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
from services.inquiries.repository import INQUIRY, ORDER_CARD, PRODUCT_CARD, joined, messages_of, timeline_of
from services.inquiries.views import JoinedTicketView, MessageView, OrderView, TicketView
from shared.runtime.decision import Document, Kind, Ref
from shared.runtime.http import etag
from shared.runtime.service_runtime import ServiceRuntime
from shared.runtime.stored import Stored

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
        refs = [INQUIRY.ref(self.ticket.inquiry_id)]
        refs += [ORDER_CARD.ref(self.ticket.order_id)] if self.ticket.order_id else []
        refs += [PRODUCT_CARD.ref(self.ticket.product_id)] if self.ticket.product_id else []
        return frozenset(refs)

    @property
    def standing(self) -> Standing:
        return standing(self.ticket, self.card.order)


async def see(runtime: ServiceRuntime, id: str) -> Sight | None:
    return (await see_all(runtime, [id])).get(id)


async def see_all(runtime: ServiceRuntime, ids: Collection[str]) -> dict[str, Sight]:
    """Those there are, with one query as for one."""
    rows = await runtime.collection(INQUIRY.collection).aggregate(joined(ids)).to_list(None)
    return {row["_id"]: sight for row in rows if (sight := _sight(row)) is not None}


def _sight(row: Document) -> Sight | None:
    """None for a placeholder that something waits for."""
    stored = Stored.of(INQUIRY, row["ticket"])
    if stored.state is None:
        return None
    return Sight(
        ticket=stored.state,
        revision=stored.revision,
        version=stored.version,
        card=_card(ORDER_CARD, row["card"]) or OrderCard(),
        product=_card(PRODUCT_CARD, row["product"]),
        lines=row["lines"][0]["count"] if row["lines"] else 0,
    )


def _card(kind: Kind[S], found: list[Document]) -> S | None:
    return Stored.of(kind, found[0]).state if found else None


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
        behind=runtime.backlog.behind("inquiries"),
    )


def shows_order(standing: Standing) -> bool:
    return standing in (Standing.SHOWN, Standing.UNVERIFIED)


def _product_state(sight: Sight) -> str:
    if sight.ticket.product_id is None:
        return "no product"
    return "shown" if sight.product else "product not seen yet"


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
