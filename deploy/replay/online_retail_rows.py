"""What the rows of a gift shop's invoices are: lines of orders, cancellations, or neither."""

import polars as pl

from shared.contracts.inbox_orders import MAX_LINES

PLAIN = pl.col("invoice").str.contains(r"^\d+$")
CANCELS = pl.col("invoice").str.contains(r"^C\d+$")
PRODUCT = pl.col("code").str.contains(r"^\d{5}[A-Z]*$")
SOLD = (pl.col("quantity") > 0) & (pl.col("price") > 0)
BROUGHT_BACK = (pl.col("quantity") < 0) & (pl.col("price") > 0)


def dated(rows: pl.DataFrame) -> pl.DataFrame:
    """An invoice is as old as its first line."""
    return rows.with_columns(placed=pl.col("at").min().over("invoice")).drop("at")


def cancellations(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(CANCELS & BROUGHT_BACK & PRODUCT).sort("placed", "row").rename({"placed": "at"})


def order_lines(rows: pl.DataFrame) -> pl.DataFrame:
    """By time. An order takes so many lines; an invoice of more is several orders."""
    sold = rows.filter(PLAIN & SOLD & PRODUCT)
    place = pl.int_range(pl.len()).over("invoice")
    numbered = sold.with_columns(place=place % MAX_LINES, part=place // MAX_LINES)
    order_id = pl.when(pl.col("part") == 0).then("invoice").otherwise(pl.format("{}-{}", "invoice", pl.col("part") + 1))
    return numbered.with_columns(
        order_id=order_id,
        customer=pl.col("customer").drop_nulls().first().over("invoice"),
        amount=pence(pl.col("price") * pl.col("quantity")),
    ).sort("placed", "row")


def pence(tenths: pl.Expr) -> pl.Expr:
    """Half-even, in whole numbers."""
    down, rest = tenths // 10, tenths % 10
    return down + ((rest > 5) | ((rest == 5) & (down % 2 == 1))).cast(pl.Int64)
