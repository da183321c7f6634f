"""What the ledger has to say about Olist's orders, computed from the files.

Shares nothing with the services or with the mapping to messages except the reading of the files: it proves both.
"""

import polars as pl

from deploy.replay.figures import BOOKING
from deploy.replay.olist_files import OlistFiles
from deploy.replay.period import Period

ZONE = "America/Sao_Paulo"
STAMPS = (
    "order_purchase_timestamp",
    "order_approved_at",
    "order_delivered_carrier_date",
    "order_delivered_customer_date",
)


def ordered_items(files: OlistFiles, period: Period) -> pl.DataFrame:
    """The items of the orders placed in the period, paid or not. Amounts in centavos."""
    purchased, approved, carried, arrived = (pl.col(stamp) for stamp in STAMPS)
    orders = files.orders().with_columns(map(_moment, STAMPS))
    days = orders.select(
        "order_id",
        "order_status",
        placed_day=_day(purchased),
        approved_day=_day(approved),
        end_day=_day(pl.max_horizontal(STAMPS).dt.offset_by("1s")),
        left=carried.is_not_null() | arrived.is_not_null(),
    )
    if period.first:
        days = days.filter(pl.col("placed_day") >= period.first)
    if period.last:
        days = days.filter(pl.col("placed_day") <= period.last)
    free = (pl.col("price") + pl.col("freight_value")).sum().over("order_id") == 0
    return (
        files.items()
        .join(days, on="order_id")
        .select(
            order="order_id",
            product="product_id",
            status="order_status",
            placed_day="placed_day",
            free=free,
            paid_day=pl.when(free).then("placed_day").otherwise("approved_day"),
            event_day="end_day",
            left="left",
            gross=(pl.col("price") * 100).round().cast(pl.Int64),
        )
    )


def bookings(ordered: pl.DataFrame, /) -> pl.DataFrame:
    """A row per item of a paid order, and one per item whose money went back: on that day, or on the paid day."""
    nothing, one = pl.lit(0, pl.Int64), pl.lit(1, pl.Int64)
    paid = ordered.filter(pl.col("paid_day").is_not_null())
    sales = paid.with_columns(
        event_day="paid_day", discounts=nothing, units=one, reversals=nothing, reversed_units=nothing
    )
    called_off = paid.filter(pl.col("status").is_in(["canceled", "unavailable"]) & ~pl.col("free"))
    back = called_off.with_columns(
        reversals="gross",
        reversed_units=pl.when("left").then(nothing).otherwise(one),
        gross=nothing,
        discounts=nothing,
        units=nothing,
    )
    return pl.concat([sales.select(BOOKING), back.select(BOOKING)])


def _moment(stamp: str) -> pl.Expr:
    """A time of which the clocks showed two is the first; one that they skipped is reckoned from an hour before."""
    return _aware(pl.col(stamp)).fill_null(_aware(pl.col(stamp).dt.offset_by("-1h")).dt.offset_by("1h"))


def _aware(stamp: pl.Expr) -> pl.Expr:
    return stamp.dt.replace_time_zone(ZONE, ambiguous="earliest", non_existent="null")


def _day(moment: pl.Expr) -> pl.Expr:
    return moment.dt.date()
