"""All this service knows about MongoDB: documents, indexes and list queries."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.inquiries.domain import timeline
from services.inquiries.domain.inquiry import Inquiry
from services.inquiries.domain.order_card import OrderCard
from services.inquiries.domain.product_card import ProductCard
from shared.contracts.base import Contract
from shared.runtime.decision import Document, Kind
from shared.runtime.stored import under


def _document(state: Contract) -> Document:
    return state.model_dump(by_alias=True)


INQUIRY: Kind[Inquiry] = Kind(
    name="inquiry",
    collection="inquiries",
    load=Inquiry.model_validate,
    dump=_document,
    publish=lambda ticket: {"inquiry": ticket.public()},
)
ORDER_CARD: Kind[OrderCard] = Kind(
    name="order_card",
    collection="order_cards",
    load=lambda d: OrderCard(d["order"], d["sequence"], d["as_of"], tuple(d["waiting"])),
    dump=lambda card: {
        "order": card.told,
        "sequence": card.sequence,
        "as_of": card.as_of,
        "waiting": list(card.waiting),
    },
)
PRODUCT_CARD: Kind[ProductCard] = Kind("product_card", "product_cards", ProductCard.model_validate, _document)

NEWEST_FIRST = [("created_at", DESCENDING), ("_id", DESCENDING)]
FILTERS = ("status", "category", "assignee", "order_id", "customer_id", "product_id", "channel")

INDEXES: dict[str, list[IndexModel]] = {
    INQUIRY.collection: [
        IndexModel(NEWEST_FIRST),
        *(IndexModel([(name, ASCENDING), *NEWEST_FIRST]) for name in FILTERS),
    ],
}


def criteria(created_from: datetime | None, created_to: datetime | None, **wanted: Any) -> dict[str, Any]:
    """A filter of the list; it names `created_at`, which a placeholder without a body lacks."""
    created: dict[str, Any] = {"$exists": True}
    if created_from:
        created["$gte"] = created_from
    if created_to:
        created["$lt"] = created_to
    given = {name: {"$in": value} if isinstance(value, list) else value for name, value in wanted.items() if value}
    return {"created_at": created, **given}


def joined(ids: Iterable[str]) -> list[Document]:
    """Tickets, each with its cards and the number of its order's timeline lines: {ticket, card, product, lines}."""
    under_order = [{compare: ["$_id", {"$concat": ["$$order", end]}]} for compare, end in under("").items()]
    return [
        {"$match": {"_id": {"$in": list(ids)}}},
        {"$project": {"ticket": "$$ROOT"}},
        _cards(ORDER_CARD, "ticket.order_id", "card"),
        _cards(PRODUCT_CARD, "ticket.product_id", "product"),
        {
            "$lookup": {
                "from": timeline.COLLECTION,
                "let": {"order": "$ticket.order_id"},
                "pipeline": [{"$match": {"$expr": {"$and": under_order}}}, {"$count": "count"}],
                "as": "lines",
            }
        },
    ]


def _cards(kind: Kind[Any], field: str, name: str) -> Document:
    return {"$lookup": {"from": kind.collection, "localField": field, "foreignField": "_id", "as": name}}


def timeline_of(order_id: str) -> dict[str, Any]:
    return {"_id": under(order_id)}


def messages_of(ticket: Inquiry) -> dict[str, Any]:
    """Those the ticket counts: one that came since belongs to its next version."""
    return {"_id": under(ticket.inquiry_id), "number": {"$lte": ticket.messages}}


def messages_of_all(inquiry_ids: Iterable[str]) -> dict[str, Any]:
    return {"$or": [{"_id": under(id)} for id in inquiry_ids]}
