"""What the services have to say about Olist's orders, computed from the files.

Shares nothing with the services or with the mapping to messages except the reading of the files: it proves both.
"""

import polars as pl

from deploy.replay.expected import Expected
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
SAYS = {"created": "PAYMENT_WAITING", "shipped": "DELIVERING", "delivered": "DELIVERED"}
"""What the word in a row stands for; the others say that an order is paid, or that it was called off."""


def expected(files: OlistFiles, period: Period) -> Expected:
    ordered = ordered_items(files, period)
    brought = files.items().group_by(product="product_id").agg(brought=pl.len().cast(pl.Int64))
    return Expected(period, bookings(ordered), states(ordered), units(ordered), brought)


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
        carried=carried.is_not_null(),
        arrived=arrived.is_not_null(),
    )
    if period.first:
        days = days.filter(pl.col("placed_day") >= period.first)
    if period.last:
        days = days.filter(pl.col("placed_day") <= period.last)
    free = (pl.col("price") + pl.col("freight_value")).sum().over("order_id") == 0
    items = files.items().join(days, on="order_id")
    return _told(
        items.select(
            order="order_id",
            product="product_id",
            status="order_status",
            placed_day="placed_day",
            free=free,
            paid_day=pl.when(free).then("placed_day").otherwise("approved_day"),
            event_day="end_day",
            carried="carried",
            arrived="arrived",
            gross=(pl.col("price") * 100).round().cast(pl.Int64),
        )
    )


def _told(items: pl.DataFrame) -> pl.DataFrame:
    """Called off before anything left is a cancel. Afterwards it is a return, of what was paid and handed over."""
    ended = pl.col("status").is_in(["canceled", "unavailable"])
    left = pl.col("carried") | pl.col("arrived")
    shipped = pl.col("carried") & pl.col("paid_day").is_not_null()
    return items.with_columns(left=left, shipped=shipped, cancelled=ended & ~left, returned=ended & shipped)


def bookings(ordered: pl.DataFrame, /) -> pl.DataFrame:
    """A row per item of a paid order, and one per item whose money went back: on that day, or on the paid day."""
    nothing, one = pl.lit(0, pl.Int64), pl.lit(1, pl.Int64)
    paid = ordered.filter(pl.col("paid_day").is_not_null())
    sales = paid.with_columns(
        event_day="paid_day", discounts=nothing, units=one, reversals=nothing, reversed_units=nothing
    )
    costs_something = pl.col("gross").sum().over("order") > 0
    refunded = paid.filter((pl.col("cancelled") & ~pl.col("free")) | (pl.col("returned") & costs_something))
    back = refunded.with_columns(reversals="gross", reversed_units=one, gross=nothing, discounts=nothing, units=nothing)
    return pl.concat([sales.select(BOOKING), back.select(BOOKING)])


def states(ordered: pl.DataFrame, /) -> pl.DataFrame:
    unpaid, carried, arrived = pl.col("paid_day").is_null(), pl.col("carried"), pl.col("arrived")
    ended = pl.when("left").then(pl.lit("RETURNED")).otherwise(pl.lit("CANCELED"))
    says = pl.col("status").replace_strict(SAYS, default="PAYED", return_dtype=pl.String)
    state = (
        pl.when("cancelled").then(pl.lit("CANCELED"))
        .when("returned").then(pl.lit("RETURNED"))
        .when(unpaid).then(pl.lit("PAYMENT_WAITING"))
        .when(~carried).then(pl.lit("PAYED"))
        .when(~arrived).then(pl.lit("DELIVERING"))
        .otherwise(pl.lit("DELIVERED"))
    )  # fmt: skip
    why = (
        pl.when(unpaid).then(pl.lit("the files tell no approval of its payment"))
        .when(~carried & pl.col("status").is_in(["canceled", "unavailable", "shipped", "delivered"]))
        .then(pl.lit("the files tell no hand-over"))
        .when(~arrived & (pl.col("status") == "delivered")).then(pl.lit("the files tell no delivery"))
        .otherwise(pl.lit("its times in the files go further"))
    )  # fmt: skip
    called_off = pl.col("status").is_in(["canceled", "unavailable"])
    told = ordered.unique("order", keep="first").with_columns(
        row="status", state=state, says=pl.when(called_off).then(ended).otherwise(says)
    )
    return told.select("order", "row", "state", why=pl.when(pl.col("state") != pl.col("says")).then(why))


def units(ordered: pl.DataFrame, /) -> pl.DataFrame:
    waits = ~pl.col("cancelled") & ~pl.col("shipped")
    moved = {"reserved": waits, "shipped": pl.col("shipped"), "restocked": pl.col("returned")}
    return ordered.group_by("order", "product").agg(**{name: one.sum().cast(pl.Int64) for name, one in moved.items()})


def _moment(stamp: str) -> pl.Expr:
    """A time of which the clocks showed two is the first; one that they skipped is reckoned from an hour before."""
    return _aware(pl.col(stamp)).fill_null(_aware(pl.col(stamp).dt.offset_by("-1h")).dt.offset_by("1h"))


def _aware(stamp: pl.Expr) -> pl.Expr:
    return stamp.dt.replace_time_zone(ZONE, ambiguous="earliest", non_existent="null")


def _day(moment: pl.Expr) -> pl.Expr:
    return moment.dt.date()
