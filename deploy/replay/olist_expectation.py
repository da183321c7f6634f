"""What the ledger has to say about Olist's orders, computed from the files.

Shares nothing with the services or with the mapping to messages except the reading of the files: it proves both.
"""

import polars as pl

from deploy.replay.figures import BOOKING
from deploy.replay.olist_files import OlistFiles
from deploy.replay.period import Period

ZONE = "America/Sao_Paulo"
CALLED_OFF = ("canceled", "unavailable")


def ordered_products(files: OlistFiles, period: Period) -> pl.DataFrame:
    """Each order placed in the period by product: whether paid or called off, and on which days. In centavos."""
    last_known = pl.max_horizontal(
        *map(_moment, ("order_purchase_timestamp", "order_approved_at")),
        *map(_moment, ("order_delivered_carrier_date", "order_delivered_customer_date")),
    )
    orders = files.orders().select(
        "order_id",
        order=pl.col("order_id"),
        placed_day=_day(_moment("order_purchase_timestamp")),
        approved_day=_day(_moment("order_approved_at")),
        called_off=pl.col("order_status").is_in(CALLED_OFF),
        off_day=_day(last_known.dt.offset_by("1s")),
        left=pl.any_horizontal(pl.col("order_delivered_carrier_date", "order_delivered_customer_date").is_not_null()),
    )
    days = orders.filter(
        pl.col("placed_day") >= period.first if period.first else True,
        pl.col("placed_day") <= period.last if period.last else True,
    )
    items = files.items().with_columns(total=pl.col("price") + pl.col("freight_value"))
    costs = pl.col("total").sum().over("order_id") > 0
    priced = items.with_columns(paid_day=pl.when(costs).then(None), costs=costs)
    return priced


def _moment(stamp: str) -> pl.Expr:
    """A time that was skipped is as far after the jump as it claims; of one that came twice, the first."""
    known = pl.col(stamp).dt.replace_time_zone(ZONE, ambiguous="earliest", non_existent="null")
    an_hour_before = pl.col(stamp).dt.offset_by("-1h").dt.replace_time_zone(ZONE, ambiguous="earliest")
    return known.fill_null(an_hour_before.dt.offset_by("1h"))
