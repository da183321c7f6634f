"""HTTP of files: what is to be shipped out as a CSV, and in again with its tracking numbers."""

import asyncio
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from services.orders.importing import commands
from services.orders.repository import FIRST_PLACED_FIRST, ORDER, to_ship_where
from services.orders.to_ship import COLUMNS, rows_to_ship
from services.orders.tracking_file import TrackingFile
from shared.contracts.base import Id, Utc
from shared.files.importing import row_by_row
from shared.files.over_http import A_CSV, CSV, a_file, content_of, download
from shared.runtime.http import Caller, Runtime

router = APIRouter()


@router.get("/orders/to-ship.csv", response_class=StreamingResponse, responses=A_CSV)
async def export_orders_to_ship(
    runtime: Runtime,
    actor: Caller,
    confirmed: Annotated[bool | None, Query(description="발주확인: only what is, or is not, taken on")] = None,
    overdue: bool = False,
    customer_id: Id | None = None,
    product_id: Id | None = None,
    placed_from: Annotated[Utc | None, Query(alias="from")] = None,
    placed_before: Annotated[Utc | None, Query(alias="to", description="not included")] = None,
) -> StreamingResponse:
    """Everything that may be shipped now: paid, its stock reserved; a row per line, the order placed first on top.

    quantity: units left that nobody has asked to cancel; a cancel request is decided first, its units stand in
    cancel_requested, and a line that has no others is left out. UTF-8 with a mark. Before what a spreadsheet would run
    as a formula stands a quote, which the import takes off. Fill in carrier and tracking_number and import it.
    """
    wanted = to_ship_where(
        overdue=overdue,
        customer_id=customer_id,
        product_id=product_id,
        placed_from=placed_from,
        placed_before=placed_before,
    )
    zone = ZoneInfo(runtime.settings.store_timezone)
    return await download(
        "orders-to-ship.csv",
        COLUMNS,
        lambda document: rows_to_ship(ORDER.load(document), actor.role, zone, confirmed),
        runtime.collection(ORDER.collection),
        wanted,
        FIRST_PLACED_FIRST,
    )


@router.post("/orders/shipments/import", response_class=StreamingResponse, openapi_extra=a_file([CSV]))
async def import_tracking_numbers(request: Request, runtime: Runtime, actor: Caller) -> StreamingResponse:
    """Ship what a CSV (UTF-8 or CP949) says; a row that is refused stops no other parcel.

    Needed are order_id, carrier and tracking_number, for a part of an order also line_id and quantity; the other
    columns of `GET /orders/to-ship.csv` are passed over, rows without a tracking number are skipped. Rows of one order
    with the same carrier and number are one parcel. The same file again changes nothing. Answers a JSON line per row;
    the header X-Rows says how many there are.
    """
    _, content = await content_of(request, runtime, [CSV])
    file = await asyncio.to_thread(TrackingFile, content)
    return row_by_row(request, runtime, commands(file), file.rows)
