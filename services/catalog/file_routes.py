"""HTTP of files of products: in, with a line of JSON per row out while it is worked on; and out."""

import asyncio
from functools import partial
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from services.catalog.columns import COLUMNS, product_rows
from services.catalog.filters import Wanted
from services.catalog.importing import ProductFile, commands
from services.catalog.repository import NEWEST_PRODUCT_FIRST, PRODUCT
from services.catalog.settings import Settings
from shared.files.importing import row_by_row
from shared.files.over_http import A_CSV, CSV, JSON_LINES, a_file, content_of, download
from shared.runtime.http import Caller, Runtime

router = APIRouter()
TYPES = (CSV, JSON_LINES, "application/x-ndjson")


@router.post("/products/import", response_class=StreamingResponse, openapi_extra=a_file(TYPES))
async def import_products(request: Request, runtime: Runtime, actor: Caller) -> StreamingResponse:
    """Register what is new, edit what is known; a row that is refused stops no other.

    CSV (UTF-8 or CP949): product_id is needed, name and list_price for a new product; an empty cell leaves things as
    they are, `[]` takes off the category or all images. One row per option; an option that the file leaves out stays.
    Amounts are in minor units. JSON Lines: a product per line, as for POST /products. `stock` counts for new options
    only. Answers a JSON line per row; the header X-Rows says how many there are.
    """
    content_type, content = await content_of(request, runtime, TYPES)
    settings = runtime.settings
    assert isinstance(settings, Settings)
    file = await asyncio.to_thread(partial(ProductFile, content, csv=content_type == CSV, settings=settings))
    return row_by_row(request, runtime, commands(file), file.rows)


@router.get("/products.csv", response_class=StreamingResponse, responses=A_CSV)
async def export_products(runtime: Runtime, wanted: Wanted) -> StreamingResponse:
    """As an import takes them, a row per option, newest product first; importing it again changes nothing.

    UTF-8 with a mark. Before what a spreadsheet would run as a formula stands a quote, which an import takes off.
    """
    zone = ZoneInfo(runtime.settings.store_timezone)
    return await download(
        "products.csv",
        COLUMNS,
        lambda document: product_rows(PRODUCT.load(document), zone),
        runtime.collection(PRODUCT.collection),
        wanted,
        NEWEST_PRODUCT_FIRST,
    )
