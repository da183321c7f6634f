"""What a sales report shows, from the figures of a rollup. Amounts are in minor units of the report's currency."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from fractions import Fraction

from pydantic import BaseModel, Field

from services.analytics.buckets import Grain, Period
from services.analytics.rollups import PREFIX, Basis, Figures


class Sales(BaseModel):
    orders: int
    units: int
    gross: int
    discounts: int
    reversals: int
    net: int
    """gross − discounts − reversals; negative where more came back than was sold."""
    refunds: int
    units_back: int
    shipping: int
    shipping_back: int
    average_order: int | None
    """(gross − discounts) / orders, half to even; None without orders."""
    average_order_net: int | None


class BucketSales(Sales):
    bucket: str
    first_day: date
    last_day: date


class Fresh(BaseModel):
    """How new figures are that come by events."""

    as_of: datetime = Field(description="When the figures were read.")
    behind: int | None = Field(
        description="Order events that are told and not in the figures yet, as counted within the last seconds; "
        "null while Kafka does not say."
    )

    @classmethod
    def now(cls, behind: int | None) -> "Fresh":
        return Fresh(as_of=datetime.now(UTC), behind=behind)


class SalesReport(Fresh):
    product_id: str | None
    currency: str
    grain: Grain
    basis: Basis
    rows: list[BucketSales]
    total: Sales


class ProductSales(Sales):
    rank: int
    product_id: str
    name: str | None
    """As it was last sold in the period."""


class Ranking(StrEnum):
    NET = "net"
    UNITS = "units"


class TopProducts(Fresh):
    currency: str
    grain: Grain
    basis: Basis
    by: Ranking
    first_day: date
    last_day: date
    items: list[ProductSales]


def sales_of(figures: Mapping[str, int], basis: Basis) -> Sales:
    prefix = PREFIX[basis]
    counted = Counter(figures)
    sold = counted["gross"] - counted["discounts"]
    net = sold - counted[f"{prefix}_amount"]
    return Sales(
        orders=counted["orders"],
        units=counted["units"],
        gross=counted["gross"],
        discounts=counted["discounts"],
        reversals=counted[f"{prefix}_amount"],
        net=net,
        refunds=counted[f"{prefix}_refunds"],
        units_back=counted[f"{prefix}_units"],
        shipping=counted["shipping"],
        shipping_back=counted[f"{prefix}_shipping"],
        average_order=_average(sold, counted["orders"]),
        average_order_net=_average(net, counted["orders"]),
    )


def report(
    product_id: str | None, currency: str, basis: Basis, period: Period, figures: Mapping[str, Figures], fresh: Fresh
) -> SalesReport:
    """One row per bucket, those without a sale too: a chart needs them."""
    rows = []
    total: Figures = Counter()
    for bucket in period.buckets:
        found = figures.get(bucket.key, Counter())
        total.update(found)
        sales = sales_of(found, basis).model_dump()
        rows.append(BucketSales(bucket=bucket.key, first_day=bucket.first, last_day=bucket.last, **sales))
    return SalesReport(
        product_id=product_id,
        currency=currency,
        grain=period.grain,
        basis=basis,
        rows=rows,
        total=sales_of(total, basis),
        **dict(fresh),
    )


def _average(amount: int, orders: int) -> int | None:
    return round(Fraction(amount, orders)) if orders else None
