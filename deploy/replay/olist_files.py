"""The files of a Brazilian marketplace's orders: as parquet, or the CSV files they were published as; all text."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from deploy.replay.columns import Column, Id, Number, Reais, Stamp, Text, parsed
from deploy.replay.refusal import ReplayRefused
from deploy.replay.texts import folder_of, texts


@dataclass(frozen=True)
class Table:
    parquet: str
    csv: str
    columns: Mapping[str, Column]
    key: str | None = None
    """The column in which no value comes twice."""


ORDERS = Table(
    "olist_orders.parquet",
    "olist_orders_dataset.csv",
    {
        "order_id": Id(),
        "customer_id": Text(),
        "order_status": Text(),
        "order_purchase_timestamp": Stamp(),
        "order_approved_at": Stamp(optional=True),
        "order_delivered_carrier_date": Stamp(optional=True),
        "order_delivered_customer_date": Stamp(optional=True),
    },
    key="order_id",
)
ITEMS = Table(
    "olist_order_items.parquet",
    "olist_order_items_dataset.csv",
    {
        "order_id": Id(),
        "order_item_id": Number(),
        "product_id": Id(),
        "seller_id": Text(),
        "price": Reais(),
        "freight_value": Reais(),
    },
)
PAYMENTS = Table(
    "olist_order_payments.parquet",
    "olist_order_payments_dataset.csv",
    {"order_id": Id(), "payment_sequential": Number(), "payment_type": Id(), "payment_value": Reais()},
)
CUSTOMERS = Table(
    "olist_customers.parquet",
    "olist_customers_dataset.csv",
    {"customer_id": Text(), "customer_unique_id": Text()},
    key="customer_id",
)
PRODUCTS = Table(
    "olist_products.parquet",
    "olist_products_dataset.csv",
    {"product_id": Id(), "product_category_name": Text(optional=True)},
    key="product_id",
)
CATEGORIES = Table(
    "olist_category_translation.parquet",
    "product_category_name_translation.csv",
    {"product_category_name": Text(), "product_category_name_english": Text()},
    key="product_category_name",
)
REVIEWS = Table("olist_order_reviews.parquet", "olist_order_reviews_dataset.csv", {"order_id": Id()})


@dataclass(frozen=True)
class OlistFiles:
    """Each table with its columns as what they are: stamps naive and local, amounts in reais."""

    folder: Path

    def orders(self) -> pl.DataFrame:
        orders = self._read(ORDERS)
        self._refuse_strangers(orders, "customer_id", ORDERS, CUSTOMERS)
        return orders

    def items(self) -> pl.DataFrame:
        items = self._read(ITEMS)
        self._refuse_strangers(items, "order_id", ITEMS, ORDERS)
        self._refuse_strangers(items, "product_id", ITEMS, PRODUCTS)
        return items

    def payments(self) -> pl.DataFrame:
        return self._read(PAYMENTS)

    def customers(self) -> pl.DataFrame:
        return self._read(CUSTOMERS)

    def products(self) -> pl.DataFrame:
        return self._read(PRODUCTS)

    def categories(self) -> pl.DataFrame:
        return self._read(CATEGORIES)

    def reviews(self) -> pl.DataFrame:
        return self._read(REVIEWS)

    def _read(self, table: Table) -> pl.DataFrame:
        path = self._path(table)
        frame = parsed(path, texts(path, list(table.columns)), table.columns)
        if table.key and (again := frame.filter(pl.col(table.key).is_duplicated())).height:
            raise ReplayRefused(f"{path} has several rows of {table.key} {again[table.key][0]}.")
        return frame

    def _path(self, table: Table) -> Path:
        folder = folder_of(self.folder)
        for path in (folder / table.parquet, folder / table.csv):
            if path.is_file():
                return path
        raise ReplayRefused(
            f"{self.folder} has neither {table.parquet} nor {table.csv}; copy all files of the data set there."
        )

    def _refuse_strangers(self, rows: pl.DataFrame, column: str, table: Table, known: Table) -> None:
        strangers = rows.join(self._read(known), on=column, how="anti")
        if strangers.height:
            raise ReplayRefused(
                f"{self._path(table)} names {strangers[column].n_unique():,} times a {column} that "
                f"{self._path(known).name} lacks, {strangers[column][0]} for one; copy both files again."
            )
