"""A Brazilian marketplace's orders: which of them are orders of which products."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import polars as pl

from deploy.replay import olist_notes
from deploy.replay.olist_files import OlistFiles
from deploy.replay.olist_story import CURRENCY, SENDER, TIMEZONE, Order, money, story, utc
from deploy.replay.period import Period
from deploy.replay.refusal import ReplayRefused
from deploy.replay.source import UNCATEGORISED, Note, in_order_of_time
from shared.contracts.envelope import Envelope
from shared.contracts.inbox_catalog import ProductSubmitted, SubmittedOption


class Olist:
    name = "olist"
    currency = CURRENCY
    timezone = TIMEZONE

    def __init__(self, files: OlistFiles, period: Period, limit: int | None = None) -> None:
        self._placed = _placed(files.orders())
        self._lines = _lines(files.items())
        self._catalogue = _described(files.products(), files.categories())
        self._customers, self._payments, self._reviews = files.customers(), files.payments(), files.reviews()
        self._chosen = _first_orders(_placed_in(self._placed, period), self._lines, limit)
        if self.order_count == 0:
            raise ReplayRefused(f"No order was placed in {period}.")

    @property
    def product_count(self) -> int:
        return self.catalogue.height

    @cached_property
    def order_count(self) -> int:
        return len(self.orders)

    @cached_property
    def catalogue(self) -> pl.DataFrame:
        """What is known about each product of the chosen orders; stock and price are the same for every period."""
        by_time = self._lines.join(self._placed, on="order_id").sort("purchased", "order_id", "line")
        stock = by_time.group_by("product_id").agg(pl.col("quantity").sum(), pl.col("price").first())
        chosen = self._lines.join(self._chosen, on="order_id", how="semi")
        sold = self._catalogue.join(chosen, on="product_id", how="semi")
        return sold.join(stock, on="product_id").sort("product_id")

    def products(self) -> Iterable[Envelope]:
        opening = utc(self._placed["purchased"][0])
        for product in self.catalogue.iter_rows(named=True):
            message = ProductSubmitted(
                product_id=product["product_id"],
                name=product["name"],
                category=(product["category"] or UNCATEGORISED,),
                list_price=money(product["price"]),
                options=(SubmittedOption(stock=product["quantity"]),),
            )
            yield SENDER.envelope(message, message.product_id, opening)

    def messages(self) -> Iterator[Envelope]:
        return in_order_of_time(map(story, self.orders))

    @cached_property
    def orders(self) -> Sequence[Order]:
        """By the time of the first that is told of each; at the same second by number."""
        named = self._lines.join(self._catalogue.select("product_id", "name"), on="product_id", how="left")
        lists = named.sort("order_id", "line").group_by("order_id").agg("product_id", "name", "quantity", "amount")
        shipping = self._lines.group_by("order_id").agg(shipping=pl.col("freight").sum())
        first_payment = self._payments.sort("payment_sequential").unique("order_id", keep="first")
        rows = (
            self._chosen.join(self._customers, on="customer_id")
            .join(lists, on="order_id")
            .join(shipping, on="order_id")
            .join(first_payment.select("order_id", method="payment_type"), on="order_id", how="left")
        )
        orders = [Order(**row) for row in rows.drop("customer_id").iter_rows(named=True)]
        return sorted(orders, key=lambda order: (order.moments[0], order.order_id))

    def left_out(self) -> Sequence[Note]:
        reviews = self._reviews.join(self._chosen, on="order_id", how="semi").height
        return olist_notes.left_out(self.orders, self._chosen.height, reviews)

    def made_up(self) -> Sequence[Note]:
        return olist_notes.made_up(self.orders, self.catalogue, self._payments)


def _placed(orders: pl.DataFrame) -> pl.DataFrame:
    """By the time of purchase."""
    return orders.select(
        "order_id",
        "customer_id",
        status="order_status",
        purchased="order_purchase_timestamp",
        approved="order_approved_at",
        handed_over="order_delivered_carrier_date",
        delivered="order_delivered_customer_date",
    ).sort("purchased", "order_id")


def _lines(items: pl.DataFrame) -> pl.DataFrame:
    """A line per product and seller of an order, numbered by its first item. Amounts in centavos."""
    centavos = (pl.col("price", "freight_value") * 100).round().cast(pl.Int64)
    priced = items.with_columns(centavos).sort("order_id", "order_item_id")
    return priced.group_by("order_id", "product_id", "seller_id", maintain_order=True).agg(
        line=pl.col("order_item_id").first(),
        quantity=pl.len().cast(pl.Int64),
        price=pl.col("price").first(),
        amount=pl.col("price").sum(),
        freight=pl.col("freight_value").sum(),
    )


def _described(products: pl.DataFrame, categories: pl.DataFrame) -> pl.DataFrame:
    """The category in English, as far as it is translated."""
    portuguese, english = pl.col("product_category_name"), pl.col("product_category_name_english")
    translated = products.join(categories, on="product_category_name", how="left")
    named = translated.with_columns(category=pl.coalesce(english, portuguese))
    short = pl.col("product_id").str.head(8)
    return named.select(
        "product_id",
        "category",
        name=pl.concat_str(pl.col("category").fill_null("product"), short, separator=" "),
        untranslated=portuguese.is_not_null() & english.is_null(),
    )


def _placed_in(placed: pl.DataFrame, period: Period) -> pl.DataFrame:
    return placed.filter(period.has(pl.col("purchased").dt.date()))


def _first_orders(placed: pl.DataFrame, lines: pl.DataFrame, limit: int | None) -> pl.DataFrame:
    """With a limit only such orders that have lines."""
    if limit is None:
        return placed
    return placed.join(lines, on="order_id", how="semi", maintain_order="left").head(limit)
