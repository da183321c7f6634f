"""HTTP of analytics: reports from the rollups, the rows behind them, and whether the two agree."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from services.analytics.buckets import Grain, Period
from services.analytics.ledger import LedgerRow
from services.analytics.projections import GROUP, LEDGER
from services.analytics.rebuilding import Rebuilt, alone, rebuild
from services.analytics.reconciliation import Reconciliation, reconcile
from services.analytics.reports import Fresh, ProductSales, Ranking, SalesReport, TopProducts, report, sales_of
from services.analytics.repository import (
    NEWEST_FIRST,
    best_products,
    is_sold,
    ledger_query,
    ledger_rows,
    sales_by_bucket,
)
from services.analytics.rollups import COLLECTION as ROLLUPS
from services.analytics.rollups import Basis
from shared.contracts.base import Id
from shared.runtime.decision import Document, Invalid
from shared.runtime.errors import NotFound
from shared.runtime.http import Runtime
from shared.runtime.paging import Cursor, Limit, paginate

router = APIRouter()
MAX_BUCKETS = 1000
SANE = {"ge": date(1970, 1, 1), "le": date(2199, 12, 31)}
From = Annotated[date, Query(alias="from", **SANE)]
To = Annotated[date, Query(alias="to", description="Included.", **SANE)]
Day = Annotated[date | None, Query(**SANE)]


class LedgerEntry(LedgerRow):
    id: str


class LedgerPage(BaseModel):
    items: list[LedgerEntry]
    next_cursor: str | None


@router.get("/sales")
async def sales(
    runtime: Runtime, first: From, last: To, grain: Grain = Grain.DAY, basis: Basis = Basis.EVENT
) -> SalesReport:
    """The store's sales in every bucket that the days touch, each bucket whole."""
    return await _report(runtime, None, _period(grain, first, last), basis)


@router.get("/products/top")
async def top_products(
    runtime: Runtime,
    first: From,
    last: To,
    grain: Grain | None = None,
    by: Ranking = Ranking.NET,
    basis: Basis = Basis.EVENT,
    limit: Annotated[int, Query(ge=1, le=200)] = 10,
) -> TopProducts:
    """The best products of the days; with a grain, of every bucket that they touch. Ties by product id."""
    _check_order(first, last)
    period = Period.touching(grain, first, last) if grain else Period.exactly(first, last)
    fresh = Fresh.now(runtime.backlog.behind(GROUP))
    found = await best_products(runtime.collection(ROLLUPS), period, basis, by, limit)
    items = [
        ProductSales(rank=rank, product_id=best.product_id, name=best.name, **dict(sales_of(best.figures, basis)))
        for rank, best in enumerate(found, start=1)
    ]
    return TopProducts(
        currency=runtime.settings.store_currency,
        grain=period.grain,
        basis=basis,
        by=by,
        first_day=period.first,
        last_day=period.last,
        items=items,
        **dict(fresh),
    )


@router.get("/products/{product_id}/sales")
async def product_sales(
    runtime: Runtime,
    product_id: Id,
    first: From,
    last: To,
    grain: Grain = Grain.DAY,
    basis: Basis = Basis.EVENT,
) -> SalesReport:
    period = _period(grain, first, last)
    if not await is_sold(runtime.collection(ROLLUPS), product_id):
        raise NotFound(f"nothing of product {product_id} has been sold")
    return await _report(runtime, product_id, period, basis)


@router.get("/ledger")
async def ledger(
    runtime: Runtime,
    order_id: Id | None = None,
    product_id: Id | None = None,
    day: Day = None,
    basis: Basis = Basis.EVENT,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> LedgerPage:
    """The rows behind a figure, the newest day first."""
    query = ledger_query(order_id, product_id, day, basis)
    page = await paginate(runtime.collection(LEDGER), query, sort=NEWEST_FIRST, limit=limit, cursor=cursor)
    return LedgerPage(items=[_entry(row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/ledger/export", response_class=StreamingResponse)
async def export(runtime: Runtime) -> StreamingResponse:
    """Every row as JSON Lines."""

    async def lines() -> AsyncIterator[str]:
        async for rows in ledger_rows(runtime.collection(LEDGER)):
            yield "".join(f"{_entry(row).model_dump_json()}\n" for row in rows)

    return StreamingResponse(lines(), media_type="application/jsonl")


@router.get("/reconcile")
async def reconcile_rollups(runtime: Runtime) -> Reconciliation:
    """Every figure of every rollup against the sum of the ledger's rows."""
    return await reconcile(runtime.database)


@router.post("/ops/rebuild")
async def rebuild_rollups(runtime: Runtime) -> Rebuilt:
    """The rollups anew from the ledger; nothing is consumed meanwhile, in any process."""
    async with alone(runtime.database) as lease, runtime.paused(GROUP):
        return await rebuild(runtime.database, lease)


def _entry(row: Document) -> LedgerEntry:
    return LedgerEntry.model_validate({**row, "id": row["_id"]})


async def _report(runtime: Runtime, product_id: str | None, period: Period, basis: Basis) -> SalesReport:
    fresh = Fresh.now(runtime.backlog.behind(GROUP))
    figures = await sales_by_bucket(runtime.collection(ROLLUPS), product_id, period)
    return report(product_id, runtime.settings.store_currency, basis, period, figures, fresh)


def _period(grain: Grain, first: date, last: date) -> Period:
    _check_order(first, last)
    period = Period.touching(grain, first, last)
    if len(period.buckets) > MAX_BUCKETS:
        raise Invalid(f"at most {MAX_BUCKETS} {grain}s at once", field="to")
    return period


def _check_order(first: date, last: date) -> None:
    if last < first:
        raise Invalid("to must not be before from", field="to")
