"""What the ledger and the shelves have to say about completejourney, computed from its files.

Shares nothing with the services or with the mapping to messages except the reading of the files: it proves both.
"""

import polars as pl

from deploy.replay.completejourney_files import CompleteJourneyFiles
from deploy.replay.figures import BOOKING
from deploy.replay.period import Period

ZONE = "America/New_York"


def sold_lines(files: CompleteJourneyFiles, period: Period) -> pl.DataFrame:
    """The lines of the orders placed in the period, each paid when it was placed. Amounts in cents."""
    off = pl.col("retail_disc") + pl.col("coupon_match_disc")
    lines = files.transactions().select(
        basket="basket_id",
        order=pl.format("cj_{}", "basket_id"),
        product=pl.format("cj_{}", "product_id"),
        at="transaction_timestamp",
        paid_day=_day("0h"),
        units="quantity",
        gross=((pl.col("sales_value") + off) * 100).round().cast(pl.Int64),
        discounts=(off * 100).round().cast(pl.Int64),
        value=(pl.col("sales_value") * 100).round().cast(pl.Int64),
    )
    lines = lines.filter(pl.col("units") != 0)
    if period.first:
        lines = lines.filter(pl.col("paid_day") >= period.first)
    if period.last:
        lines = lines.filter(pl.col("paid_day") <= period.last)
    return lines


def bookings(sold: pl.DataFrame, /) -> pl.DataFrame:
    """A row per sold line, and one per line whose money went back: on the day of the refund, or on the paid day."""
    nothing = pl.lit(0, pl.Int64)
    sales = sold.with_columns(event_day="paid_day", reversals=nothing, reversed_units=nothing)
    back = pl.concat([_cancelled(sold), _goodwill(sold)]).with_columns(
        reversals="value", reversed_units="units_back", gross=nothing, discounts=nothing, units=nothing
    )
    return pl.concat([sales.select(BOOKING), back.select(BOOKING)])


def _cancelled(sold: pl.DataFrame) -> pl.DataFrame:
    """Orders that cost nothing are cancelled too, but no money goes back."""
    cancelled = sold.filter((pl.col("basket") % 50 == 0) & (pl.col("value").sum().over("basket") > 0))
    return cancelled.with_columns(event_day=_day("2h", "at"), units_back=pl.col("units"))


def _goodwill(sold: pl.DataFrame) -> pl.DataFrame:
    first = sold.filter(pl.col("basket") % 50 == 1).unique("basket", keep="first", maintain_order=True)
    paid = first.filter(pl.col("value") > 0)
    return paid.with_columns(event_day=_day("48h", "at"), units_back=pl.lit(0, pl.Int64))


def shelves(files: CompleteJourneyFiles, sold: pl.DataFrame) -> pl.DataFrame:
    """on_hand per product ever sold, once each of these orders has been shipped or cancelled: brought − shipped.

    Nothing is reserved then, so as much is available. A cancelled unit never left the shelf.
    """
    brought = sold_lines(files, Period()).group_by("product").agg(brought=pl.col("units").sum())
    shipped = pl.when(pl.col("basket") % 50 == 0).then(0).otherwise("units").sum()
    moved = sold.group_by("product").agg(shipped=shipped)
    left = brought.join(moved, on="product", how="left").fill_null(0)
    return left.select("product", on_hand=pl.col("brought") - pl.col("shipped"))


def _day(after: str, stamp: str = "transaction_timestamp") -> pl.Expr:
    """The stamps are naive UTC."""
    moment = pl.col(stamp).dt.offset_by(after).dt.replace_time_zone("UTC")
    return moment.dt.convert_time_zone(ZONE).dt.date()
