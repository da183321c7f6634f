"""What the ledger and the shelves have to say about completejourney, computed from its files.

Shares nothing with the services or with the mapping to messages except the reading of the files: it proves both.
"""

import polars as pl

from deploy.replay.completejourney_files import CompleteJourneyFiles
from deploy.replay.expected import Expected
from deploy.replay.figures import BOOKING
from deploy.replay.period import Period

ZONE = "America/New_York"
CANCELLED = pl.col("basket") % 50 == 0


def expected(files: CompleteJourneyFiles, period: Period) -> Expected:
    sold = sold_lines(files, period)
    brought = sold_lines(files, Period()).group_by("product").agg(brought=pl.col("units").sum())
    return Expected(period, bookings(sold), states(sold), units(sold), brought)


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
    cancelled = sold.filter(CANCELLED & (pl.col("value").sum().over("basket") > 0))
    return cancelled.with_columns(event_day=_day("2h", "at"), units_back=pl.col("units"))


def _goodwill(sold: pl.DataFrame) -> pl.DataFrame:
    first = sold.filter(pl.col("basket") % 50 == 1).unique("basket", keep="first", maintain_order=True)
    paid = first.filter(pl.col("value") > 0)
    return paid.with_columns(event_day=_day("48h", "at"), units_back=pl.lit(0, pl.Int64))


def states(sold: pl.DataFrame, /) -> pl.DataFrame:
    state = pl.when(CANCELLED).then(pl.lit("CANCELED")).otherwise(pl.lit("DELIVERED"))
    row = pl.when(CANCELLED).then(pl.lit("cancelled by us")).otherwise(pl.lit("basket"))
    return sold.unique("order").select("order", row=row, state=state, why=pl.lit(None, pl.String))


def units(sold: pl.DataFrame, /) -> pl.DataFrame:
    """A cancelled unit never left the shelf; what was delivered stays with the customer."""
    shipped = pl.when(CANCELLED).then(0).otherwise("units").sum()
    nothing = pl.lit(0, pl.Int64)
    return sold.group_by("order", "product").agg(shipped=shipped, reserved=nothing, restocked=nothing)


def _day(after: str, stamp: str = "transaction_timestamp") -> pl.Expr:
    """The stamps are naive UTC."""
    moment = pl.col(stamp).dt.offset_by(after).dt.replace_time_zone("UTC")
    return moment.dt.convert_time_zone(ZONE).dt.date()
