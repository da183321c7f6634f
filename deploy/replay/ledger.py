"""The ledger as analytics tells it, as a table of bookings."""

from pathlib import Path

import httpx
import polars as pl

from deploy.local.failure import StackFailure
from deploy.replay.figures import BOOKING

ROWS = {
    "order_id": pl.String(),
    "product_id": pl.String(),
    "kind": pl.String(),
    "paid_day": pl.Date(),
    "event_day": pl.Date(),
    "units": pl.Int64(),
    "list_amount": pl.Int64(),
    "discount_amount": pl.Int64(),
    "net_amount": pl.Int64(),
}


async def download(client: httpx.AsyncClient, analytics: str, file: Path) -> None:
    """All rows as JSON Lines; a file, because a year has more of them than fits comfortably in memory."""
    try:
        async with client.stream("GET", f"{analytics}/ledger/export") as answer:
            answer.raise_for_status()
            with file.open("wb") as out:
                async for chunk in answer.aiter_bytes():
                    out.write(chunk)
    except httpx.HTTPError as error:
        raise StackFailure(f"{analytics}/ledger/export does not tell the ledger: {error!r}") from error


def bookings(file: Path) -> pl.DataFrame:
    """Rows without a product stand for the sale or refund itself, whose shipping is apart from gross and net."""
    rows = pl.scan_ndjson(file, schema=ROWS).filter(pl.col("product_id").is_not_null())
    sale = pl.col("kind") == "SALE"
    return rows.select(
        "paid_day",
        "event_day",
        order="order_id",
        product="product_id",
        gross=pl.when(sale).then("list_amount").otherwise(0),
        discounts=pl.when(sale).then("discount_amount").otherwise(0),
        units=pl.when(sale).then("units").otherwise(0),
        reversals=pl.when(sale).then(0).otherwise(-pl.col("net_amount")),
        reversed_units=pl.when(sale).then(0).otherwise(-pl.col("units")),
    ).collect()[list(BOOKING)]
