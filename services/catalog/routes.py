"""HTTP of the catalog: products are registered, edited and removed through the table of `handlers.py`."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field
from uuid6 import uuid7

from services.catalog.commands import EditProduct, ProductChanges, RemoveProduct
from services.catalog.domain.history import DESCRIPTIONS, HISTORY
from services.catalog.domain.product import Product
from services.catalog.domain.stock import MOVEMENTS
from services.catalog.filters import Wanted
from services.catalog.reconciliation import Reconciliation, reconcile
from services.catalog.repository import (
    NEWEST_PRODUCT_FIRST,
    NEWEST_ROW_FIRST,
    PRODUCT,
    RESERVATION,
    reservations_where,
)
from shared.contracts.base import Code, Contract, Count, Id, Utc
from shared.contracts.catalog import ProductState, ReservationState, ReservationStatus
from shared.contracts.inbox_catalog import ProductSubmitted, StockCounted
from shared.runtime.commands import command
from shared.runtime.errors import NotFound
from shared.runtime.http import Runtime, etag, not_modified
from shared.runtime.paging import Cursor, Limit, Page, paginate
from shared.runtime.stored import Stored

router = APIRouter()
ProductCommand = ProductSubmitted | EditProduct | RemoveProduct | StockCounted


class NewProduct(ProductSubmitted):
    product_id: Id = Field(default_factory=lambda: f"prd_{uuid7().hex}")


@router.post("/products", status_code=201, response_model=ProductState)
async def register_product(request: Request, runtime: Runtime, body: NewProduct) -> Response:
    """A product that exists with other content is edited by PATCH: 409."""
    return await _answer(request, runtime, ProductSubmitted(**dict(body)), 201)


@router.patch("/products/{id}", response_model=ProductState)
async def edit_product(request: Request, runtime: Runtime, id: Id, body: ProductChanges) -> Response:
    """Changes what the body names. `options` is the whole new list: an option left out is taken out."""
    return await _answer(request, runtime, EditProduct(product_id=id, changes=body))


@router.delete("/products/{id}", response_model=ProductState)
async def remove_product(request: Request, runtime: Runtime, id: Id) -> Response:
    """For good. Orders that have it keep what they reserved."""
    return await _answer(request, runtime, RemoveProduct(product_id=id))


async def _answer(request: Request, runtime: Runtime, message: ProductCommand, status: int = 200) -> Response:
    return await command(request, runtime, message, message.product_id, _shown, status=status)


class NewCount(Contract):
    option_id: Id = "default"
    on_hand: Count
    counted_at: Annotated[Utc, Field(default_factory=lambda: datetime.now(UTC), description="now, when left out")]


@router.post("/products/{id}/counts", response_model=ProductState)
async def count_stock(request: Request, runtime: Runtime, id: Id, body: NewCount) -> Response:
    """Sets on_hand of an option to what was counted; a count made before the last one known is refused."""
    return await _answer(request, runtime, StockCounted(product_id=id, **dict(body)))


@router.get("/products")
async def list_products(runtime: Runtime, wanted: Wanted, limit: Limit = 50, cursor: Cursor = None) -> Page:
    """Newest first."""
    products = runtime.collection(PRODUCT.collection)
    page = await paginate(products, wanted, sort=NEWEST_PRODUCT_FIRST, limit=limit, cursor=cursor)
    return Page([_shown(PRODUCT.load(document)) for document in page.items], page.next_cursor)


@router.get("/products/{id}", response_model=ProductState)
async def read_product(request: Request, runtime: Runtime, id: Id) -> Response:
    stored = await _stored(runtime, id)
    assert stored.state is not None
    tag = etag(stored.revision, stored.version)
    if not_modified(request, tag):
        return Response(status_code=304, headers={"ETag": tag})
    return JSONResponse(_shown(stored.state), headers={"ETag": tag})


@router.get("/products/{id}/movements")
async def list_movements(runtime: Runtime, id: Id, limit: Limit = 50, cursor: Cursor = None) -> Page:
    """The stock ledger, newest first: its sums are on_hand and reserved of each option."""
    return await _rows(runtime, MOVEMENTS, id, limit, cursor)


@router.get("/products/{id}/history")
async def list_changes(runtime: Runtime, id: Id, limit: Limit = 50, cursor: Cursor = None) -> Page:
    """Who changed what, newest first."""
    return await _rows(runtime, HISTORY, id, limit, cursor)


@router.get("/products/{id}/descriptions")
async def list_descriptions(runtime: Runtime, id: Id, limit: Limit = 50, cursor: Cursor = None) -> Page:
    """Every text the product was described with, newest first."""
    return await _rows(runtime, DESCRIPTIONS, id, limit, cursor)


@router.get("/reservations")
async def list_reservations(
    runtime: Runtime,
    status: ReservationStatus | None = None,
    flag: Annotated[Code | None, Query(description="such as SHIPPED_UNRESERVED")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page:
    """By order id."""
    found = runtime.collection(RESERVATION.collection)
    wanted = reservations_where(status, flag)
    page = await paginate(found, wanted, sort=[("_id", 1)], limit=limit, cursor=cursor)
    return Page([RESERVATION.load(row).model_dump(mode="json") for row in page.items], page.next_cursor)


@router.get("/reservations/{order_id}", response_model=ReservationState)
async def read_reservation(runtime: Runtime, order_id: Id) -> ReservationState:
    stored = await runtime.store.get(RESERVATION, order_id)
    if stored is None or stored.state is None:
        raise NotFound(f"no stock was reserved or refused for order {order_id} yet")
    return stored.state


@router.get("/reconcile")
async def reconcile_stock(runtime: Runtime) -> Reconciliation:
    """Every shelf against the sum of its movements, and what is reserved against the reservations."""
    return await reconcile(runtime.database)


async def _rows(runtime: Runtime, collection: str, id: str, limit: int, cursor: str | None) -> Page:
    await _stored(runtime, id)
    rows = runtime.collection(collection)
    page = await paginate(rows, {"product_id": id}, sort=NEWEST_ROW_FIRST, limit=limit, cursor=cursor)
    return Page([{"id": row.pop("_id"), **row} for row in page.items], page.next_cursor)


async def _stored(runtime: Runtime, id: str) -> Stored[Product]:
    stored = await runtime.store.get(PRODUCT, id)
    if stored is None:
        raise NotFound(f"product {id} is not known")
    return stored


def _shown(state: Product) -> dict[str, Any]:
    return state.public().model_dump(mode="json", by_alias=True)
