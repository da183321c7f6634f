"""All the catalog knows about MongoDB: document to domain and back, indexes, and what the lists ask for."""

from typing import Any

from pymongo import DESCENDING, IndexModel

from services.catalog.domain.history import DESCRIPTIONS, HISTORY
from services.catalog.domain.product import Product
from services.catalog.domain.search import matching, search_fields
from services.catalog.domain.stock import MOVEMENTS, stock_events
from shared.contracts.catalog import ProductStatus, ReservationState, ReservationStatus
from shared.runtime.decision import Document, Kind


def _product_document(product: Product) -> Document:
    """With what lists ask for: the derived status, whether stock is low, and the words it is found by."""
    asked_for = {"shown": product.shown_status.value, "below_safety": product.below_safety}
    return product.model_dump(by_alias=True) | asked_for | search_fields(product)


PRODUCT = Kind(
    name="product",
    collection="products",
    load=Product.model_validate,
    dump=_product_document,
    publish=lambda state: {"product": state.public()},
    derive=stock_events,
    wakes=lambda before, after: after.edited_since(before),
)
RESERVATION = Kind(
    name="reservation",
    collection="reservations",
    load=ReservationState.model_validate,
    dump=ReservationState.model_dump,
    publish=lambda state: {"reservation": state},
)


NEWEST_PRODUCT_FIRST = [("registered_at", DESCENDING), ("_id", DESCENDING)]
NEWEST_ROW_FIRST = [("at", DESCENDING), ("_id", DESCENDING)]
FLAGGED = {"flags.0": {"$exists": True}}
INDEXES: dict[str, list[IndexModel]] = {
    "products": [
        IndexModel(NEWEST_PRODUCT_FIRST),
        IndexModel([("shown", 1), *NEWEST_PRODUCT_FIRST]),
        IndexModel([("category", 1), *NEWEST_PRODUCT_FIRST]),
        IndexModel([("pairs", 1), *NEWEST_PRODUCT_FIRST]),
        IndexModel(
            [("below_safety", 1), *NEWEST_PRODUCT_FIRST], partialFilterExpression={"below_safety": {"$eq": True}}
        ),
    ],
    "reservations": [
        IndexModel([("status", 1), ("_id", 1)], partialFilterExpression={"status": ReservationStatus.REJECTED.value}),
        IndexModel([("flags", 1), ("_id", 1)], partialFilterExpression=FLAGGED),
    ],
    MOVEMENTS: [IndexModel([("product_id", 1), *NEWEST_ROW_FIRST])],
    HISTORY: [IndexModel([("product_id", 1), *NEWEST_ROW_FIRST])],
    DESCRIPTIONS: [IndexModel([("product_id", 1), *NEWEST_ROW_FIRST])],
}


def reservations_where(status: ReservationStatus | None, flag: str | None) -> dict[str, Any]:
    wanted: dict[str, Any] = {"status": status.value if status else {"$exists": True}}
    return wanted if flag is None else wanted | {"flags": flag} | FLAGGED


def products_where(
    status: ProductStatus | None, category: str | None, text: str | None, below_safety: bool | None
) -> dict[str, Any]:
    """Removed products are listed only when asked for; a document without `shown` is only waited for."""
    wanted: dict[str, Any] = {"shown": status.value if status else {"$in": _LISTED}}
    if category is not None:
        wanted["category"] = category
    if below_safety is not None:
        wanted["below_safety"] = below_safety
    if text is not None and (conditions := matching(text)):
        wanted["$and"] = conditions
    return wanted


_LISTED = [status.value for status in ProductStatus if status is not ProductStatus.REMOVED]
