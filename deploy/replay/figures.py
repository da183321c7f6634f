"""Sums of one kind per bucket, as a long table, so that two tellings of the same thing can be laid side by side."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

PAID = ("gross", "discounts", "units")
"""Booked on the day the order was paid, whatever the basis."""
REVERSED = ("reversals", "reversed_units")
"""Booked on the day of the refund (basis event) or carried back to the day of the payment (basis order)."""
BOOKING = ("order", "product", "paid_day", "event_day", *PAID, *REVERSED)
"""The columns of a table of bookings: figures are 0 where a booking has none."""
GRAINS = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}
KEYS = ("grain", "bucket", "figure")


@dataclass(frozen=True)
class Difference:
    grain: str
    bucket: str
    figure: str
    expected: int
    found: int

    def __str__(self) -> str:
        return f"{self.grain} {self.bucket}, {self.figure}: expected {self.expected:,}, found {self.found:,}"


def sums(bookings: pl.DataFrame) -> pl.DataFrame:
    """Of bookings, per day, week, month and product."""
    by_day = [
        _summed(bookings, grain, pl.col(day).dt.strftime(form), dict.fromkeys(figures, name))
        for grain, form in GRAINS.items()
        for day, name, figures in (
            ("paid_day", "{}", PAID),
            ("event_day", "{} (basis event)", REVERSED),
            ("paid_day", "{} (basis order)", REVERSED),
        )
    ]
    by_product = _summed(bookings, "product", pl.col("product"), dict.fromkeys((*PAID, *REVERSED), "{}"))
    return pl.concat([*by_day, by_product]).filter(pl.col("amount") != 0)


def _summed(bookings: pl.DataFrame, grain: str, bucket: pl.Expr, figures: dict[str, str]) -> pl.DataFrame:
    named = [pl.col(figure).sum().alias(name.format(figure)) for figure, name in figures.items()]
    wide = bookings.group_by(bucket.alias("bucket")).agg(named)
    return wide.unpivot(index="bucket", variable_name="figure", value_name="amount").select(
        pl.lit(grain).alias("grain"), "bucket", "figure", "amount"
    )


def differences(expected: pl.DataFrame, found: pl.DataFrame) -> Iterator[Difference]:
    both = expected.join(found.rename({"amount": "found"}), on=KEYS, how="full", coalesce=True).fill_null(0)
    for row in both.filter(pl.col("amount") != pl.col("found")).sort(KEYS).iter_rows(named=True):
        yield Difference(row["grain"], row["bucket"], row["figure"], row["amount"], row["found"])
