"""How orders are kept in MongoDB: documents to domain and back, indexes, and the filters of the lists."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.orders.domain.claim_steps import REJECTED, WAY
from services.orders.domain.order import Order
from services.orders.domain.placing import ClientOrder
from services.orders.domain.telling import tell
from shared.contracts.inbox_orders import Recipient
from shared.contracts.order_state import ClaimStatus, ClaimType, OrderState, OrderStatus, StockStatus
from shared.runtime.decision import Document, Kind


def _load(document: Document) -> Order:
    recipient = document["recipient"]
    return Order(
        state=OrderState.model_validate(document),
        recipient=recipient and Recipient.model_validate(recipient),
        answered=dict(document["answered"]),
        erased_at=document.get("erased_at"),
    )


def _dump(order: Order) -> Document:
    """The public state at the top. `answered` as pairs: its keys may hold dots."""
    return {
        **order.state.model_dump(),
        "recipient": order.recipient and order.recipient.model_dump(),
        "answered": [[told, fingerprint] for told, fingerprint in order.answered.items()],
        **({"erased_at": order.erased_at} if order.erased_at else {}),
    }


def _publish(order: Order) -> dict[str, Any]:
    return {"order": order.state}


ORDER = Kind("order", "orders", _load, _dump, _publish, tell=tell)
CLIENT_ORDER = Kind("client_order", "client_orders", ClientOrder.model_validate, ClientOrder.model_dump)

NEWEST_FIRST = [("placed_at", DESCENDING), ("_id", DESCENDING)]
FIRST_PLACED_FIRST = [(field, ASCENDING) for field, _ in NEWEST_FIRST]


def _newest_first_by(*fields: str, **options: Any) -> IndexModel:
    return IndexModel([*((field, ASCENDING) for field in fields), *NEWEST_FIRST], **options)


CLAIMED = {"claims.claim_id": {"$exists": True}}
OVERDUE = {"overdue_since": {"$type": "date"}}
INDEX_OF: Mapping[frozenset[str], IndexModel] = {
    frozenset(): _newest_first_by(),
    frozenset({"status"}): _newest_first_by("status"),
    frozenset({"stock"}): _newest_first_by("stock"),
    frozenset({"customer_id"}): _newest_first_by("customer_id"),
    frozenset({"lines.product_id"}): _newest_first_by("lines.product_id"),
    frozenset({*CLAIMED, "claims", "status"}): _newest_first_by(
        "claims.type", "claims.status", "status", partialFilterExpression=CLAIMED
    ),
    frozenset({"lines.claim_status"}): _newest_first_by(
        "lines.claim_status", partialFilterExpression={"lines.claim_status": ClaimStatus.CANCELING.value}
    ),
    frozenset({*OVERDUE, "status"}): _newest_first_by("status", name="overdue", partialFilterExpression=OVERDUE),
}
"""By the fields that a list names beside `placed_at`, each in the order of the lists: a page reads what it shows.

The status stands in those alone that few orders are in: with it in the products', each step of an order would write a
key per line anew, and twice the work of MongoDB's for every command is too much for a list that few ask for.
"""
INDEXES = {ORDER.collection: list(INDEX_OF.values())}
CLAIM_STATUSES = {type: (*way, REJECTED[type], ClaimStatus.WITHDRAWN) for type, way in WAY.items()}


def orders_where(
    *,
    status: OrderStatus | None = None,
    stock: StockStatus | None = None,
    customer_id: str | None = None,
    product_id: str | None = None,
    overdue: bool = False,
    claim_type: ClaimType | None = None,
    claim_status: ClaimStatus | None = None,
    placed_from: datetime | None = None,
    placed_before: datetime | None = None,
) -> Document:
    """The filter of the list. A document without `placed_at` is no order yet, only messages wait for it."""
    wanted = {"status": status, "stock": stock, "customer_id": customer_id, "lines.product_id": product_id}
    times = {"$gte": placed_from, "$lt": placed_before}
    placed_at = {bound: moment for bound, moment in times.items() if moment is not None}
    equal: Document = {field: value for field, value in wanted.items() if value is not None}
    if overdue:
        equal |= OVERDUE
    if claim_status is ClaimStatus.CANCELING and claim_type in (None, ClaimType.CANCEL):
        equal["lines.claim_status"] = claim_status  # said of lines only, where a cancel was granted
    elif claim_type or claim_status:
        equal |= CLAIMED | {"claims": {"$elemMatch": _claim(claim_type, claim_status)}}
    if equal.keys() & {*CLAIMED, *OVERDUE}:
        equal.setdefault("status", {"$in": list(OrderStatus)})
    return {**equal, "placed_at": placed_at or {"$exists": True}}


def _claim(type: ClaimType | None, status: ClaimStatus | None) -> Document:
    """Both fields named, as every field of an index has to be for the list to come in its order."""
    if type is None:
        return {"type": {"$in": [type for type, known in CLAIM_STATUSES.items() if status in known]}, "status": status}
    return {"type": type, "status": status or {"$in": list(CLAIM_STATUSES[type])}}


def index_for(wanted: Document) -> str | None:
    """The one made for just this filter: MongoDB would keep to what was best for the value that was asked for first,
    and of one product there is an order a year, of another every second one is. Of several filters it has to choose.
    """
    index = INDEX_OF.get(frozenset(wanted.keys() - {"placed_at"}))
    return None if index is None else _name(index)


def _name(index: IndexModel) -> str:
    name: str = index.document["name"]
    return name


def how_many(status: OrderStatus) -> Document:
    """A command, for MongoDB counts in an index by itself; a pipeline takes a third longer for it."""
    return {
        "count": ORDER.collection,
        "query": {"status": status},
        "hint": _name(INDEX_OF[frozenset({"status"})]),
        "readConcern": {"level": "majority"},
    }


_FREE = {"$subtract": ["$$line.ordered", {"$add": ["$$line.cancelled", "$$line.shipped", "$$line.cancel_open"]}]}
_ANY_FREE = {
    "$anyElementTrue": {"$map": {"input": {"$ifNull": ["$lines", []]}, "as": "line", "in": {"$gt": [_FREE, 0]}}}
}


def to_ship_where(**filters: Any) -> Document:
    """Orders with units that the seller may ship now. With some left to ship an order is in no later status."""
    status = {"$in": [OrderStatus.PAYED, OrderStatus.DELIVERING]}
    return {**orders_where(stock=StockStatus.RESERVED, **filters), "status": status, "$expr": _ANY_FREE}
