"""A grocer's baskets of 2017: which of them are orders of which products, and what the report says about them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property

import polars as pl

from deploy.replay.completejourney_files import CompleteJourneyFiles
from deploy.replay.completejourney_story import CURRENCY, SENDER, Basket, money, story
from deploy.replay.period import Period
from deploy.replay.refusal import ReplayRefused
from deploy.replay.source import UNCATEGORISED, Note, in_order_of_time
from shared.contracts.envelope import Envelope
from shared.contracts.inbox_catalog import ProductSubmitted, SubmittedOption

TIMEZONE = "America/New_York"


class CompleteJourney:
    name = "completejourney"
    currency = CURRENCY
    timezone = TIMEZONE

    def __init__(self, files: CompleteJourneyFiles, period: Period, limit: int | None = None) -> None:
        self._all = _with_amounts(files.transactions())
        self._known = files.products()
        self._chosen = _first_orders(_placed_in(self._all, period), limit)
        self._sold = self._chosen.filter(pl.col("quantity") > 0)
        if self._sold.is_empty():
            raise ReplayRefused(f"No order was placed in {period}.")

    @property
    def product_count(self) -> int:
        return self.catalogue.height

    @cached_property
    def order_count(self) -> int:
        return self._sold["basket_id"].n_unique()

    @cached_property
    def catalogue(self) -> pl.DataFrame:
        """What is known about each product of the chosen baskets; stock and price are the same for every period."""
        sold = self._all.filter(pl.col("quantity") > 0)
        stock = sold.group_by("product_id").agg(
            stock=pl.col("quantity").sum(),
            price=(pl.col("list_amount") / pl.col("quantity")).round().cast(pl.Int64).first(),
        )
        chosen = self._chosen.select("product_id").unique(maintain_order=True)
        described = _with_names(chosen.join(self._known, on="product_id", how="left", maintain_order="left"))
        return described.join(stock, on="product_id", how="left", maintain_order="left").fill_null(0)

    def products(self) -> Iterable[Envelope]:
        opening = _utc(self._all["placed_at"].min())
        for product in self.catalogue.iter_rows(named=True):
            message = ProductSubmitted(
                product_id=f"cj_{product['product_id']}",
                name=product["name"],
                category=tuple(product["path"]),
                list_price=money(product["price"]),
                options=(SubmittedOption(stock=product["stock"]),),
            )
            yield SENDER.envelope(message, message.product_id, opening)

    def messages(self) -> Iterator[Envelope]:
        return in_order_of_time(story(basket) for basket in self.baskets())

    def baskets(self) -> Iterator[Basket]:
        """By the time of placing; at the same second by number. A month at a time, for a year of lists is large."""
        names = self.catalogue.select("product_id", "name")
        lists = ("product_id", "name", "quantity", "list_amount", "discount_amount")
        month = pl.col("placed_at").dt.truncate("1mo")
        for first in self._sold.select(month.unique().sort()).to_series():
            named = self._sold.filter(month == first).join(names, on="product_id", maintain_order="left")
            baskets = named.group_by("placed_at", "basket_id").agg(pl.col("household_id").first(), *lists)
            for row in baskets.sort("placed_at", "basket_id").iter_rows(named=True):
                yield Basket(**row)

    def left_out(self) -> Sequence[Note]:
        nothing = self._chosen.filter(pl.col("quantity") == 0)
        empty = self._chosen["basket_id"].n_unique() - self.order_count
        free_goodwill = self._goodwill.filter(pl.col("first") == 0)
        return _counted(
            Note(nothing.height, "lines", "their quantity is 0"),
            Note(empty, "baskets", "all their lines have quantity 0"),
            Note(
                self._due.filter(pl.col("due") == 0).height,
                "payments",
                "nothing is due, so the order is paid when placed",
            ),
            Note(free_goodwill.height, "goodwill refunds", "the first line cost nothing"),
        )

    def made_up(self) -> Sequence[Note]:
        cancelled = self._due.filter(pl.col("basket_id") % 50 == 0).height
        shipped = self.order_count - cancelled
        goodwill = self._goodwill.filter(pl.col("first") > 0).height
        unnamed = self.catalogue.filter(pl.col("product_type").is_null()).height
        return _counted(
            Note(shipped, "hand-overs and deliveries", "the files tell neither: 6 h and 30 h after placing"),
            Note(cancelled, "cancels with their refunds", "baskets of a number divisible by 50, after 2 h"),
            Note(goodwill, "goodwill refunds", "first line of baskets one past such a number, after 48 h"),
            Note(self.product_count, "stocks and prices", "units ordered in the whole file; its first unit price"),
            Note(unnamed, "product names", "the files have no type for them: product <id>"),
        )

    @cached_property
    def _due(self) -> pl.DataFrame:
        value = pl.col("list_amount") - pl.col("discount_amount")
        return self._sold.group_by("basket_id", maintain_order=True).agg(due=value.sum(), first=value.first())

    @property
    def _goodwill(self) -> pl.DataFrame:
        return self._due.filter(pl.col("basket_id") % 50 == 1)


def _with_amounts(transactions: pl.DataFrame) -> pl.DataFrame:
    """Stamps are naive UTC. coupon_disc is the manufacturer's money and already inside sales_value."""
    discount = _cents("retail_disc") + _cents("coupon_match_disc")
    return transactions.select(
        *("household_id", "basket_id", "product_id", "quantity"),
        placed_at=pl.col("transaction_timestamp").dt.cast_time_unit("ms").dt.replace_time_zone("UTC"),
        list_amount=_cents("sales_value") + discount,
        discount_amount=discount,
    )


def _cents(column: str) -> pl.Expr:
    return (pl.col(column) * 100).round().cast(pl.Int64)


def _placed_in(rows: pl.DataFrame, period: Period) -> pl.DataFrame:
    return rows.filter(period.has(pl.col("placed_at").dt.convert_time_zone(TIMEZONE).dt.date()))


def _first_orders(rows: pl.DataFrame, limit: int | None) -> pl.DataFrame:
    if limit is None:
        return rows
    orders = rows.filter(pl.col("quantity") > 0).select("placed_at", "basket_id").unique()
    return rows.join(orders.sort("placed_at", "basket_id").head(limit), on="basket_id", how="semi")


def _with_names(products: pl.DataFrame) -> pl.DataFrame:
    """Type and package size; department and category as the path."""
    anonymous = pl.format("product {}", "product_id")
    path = pl.concat_list("department", "product_category").list.drop_nulls()
    return products.with_columns(
        name=pl.concat_str(pl.coalesce("product_type", anonymous), "package_size", separator=" ", ignore_nulls=True),
        path=pl.when(path.list.len() > 0).then(path).otherwise(pl.lit([UNCATEGORISED])),
    )


def _utc(moment: object) -> datetime:
    assert isinstance(moment, datetime)
    return moment.astimezone(UTC)


def _counted(*notes: Note) -> list[Note]:
    return [note for note in notes if note.count]
