"""All the catalog knows about MongoDB: document to domain and back, indexes, and what the lists ask for."""

import re
from typing import Any

from pymongo import DESCENDING, IndexModel

from services.catalog.domain.history import HISTORY
from services.catalog.domain.product import Product
from services.catalog.domain.stock import MOVEMENTS, stock_events
from shared.contracts.catalog import ProductStatus, ReservationState
from shared.runtime.decision import Document, Kind


def _product_document(product: Product) -> Document:
    """`shown` is the derived status, so that a list can ask for what is sold out."""
    return product.model_dump(by_alias=True) | {"shown": product.shown_status.value}


product = Kind(
    name="product",
    collection="products",
    load=Product.model_validate,
    dump=_product_document,
    publish=lambda state: {"product": state.public()},
    derive=stock_events,
)
reservation = Kind(
    name="reservation",
    collection="reservations",
    load=ReservationState.model_validate,
    dump=ReservationState.model_dump,
    publish=lambda state: {"reservation": state},
)


NEWEST_PRODUCT_FIRST = [("registered_at", DESCENDING), ("_id", DESCENDING)]
NEWEST_ROW_FIRST = [("at", DESCENDING), ("_id", DESCENDING)]
INDEXES: dict[str, list[IndexModel]] = {
    "products": [
        IndexModel(NEWEST_PRODUCT_FIRST),
        IndexModel([("shown", 1), *NEWEST_PRODUCT_FIRST]),
        IndexModel([("category", 1), *NEWEST_PRODUCT_FIRST]),
    ],
    MOVEMENTS: [IndexModel([("product_id", 1), *NEWEST_ROW_FIRST])],
    HISTORY: [IndexModel([("product_id", 1), *NEWEST_ROW_FIRST])],
}


def products_where(status: ProductStatus | None, category: str | None, text: str | None) -> dict[str, Any]:
    """Removed products are listed only when asked for; a document without `shown` is only waited for."""
    wanted: dict[str, Any] = {"shown": status.value if status else {"$in": _LISTED}}
    if category is not None:
        wanted["category"] = category
    if text is not None:
        wanted["name"] = {"$regex": re.escape(text), "$options": "i"}
    return wanted


_LISTED = [status.value for status in ProductStatus if status is not ProductStatus.REMOVED]
