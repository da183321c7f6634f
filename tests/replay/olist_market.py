"""A marketplace's files with only what a test cares about; all values are text, as in the real ones."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from deploy.replay.olist_files import (
    CATEGORIES,
    CUSTOMERS,
    ITEMS,
    ORDERS,
    PAYMENTS,
    PRODUCTS,
    REVIEWS,
    OlistFiles,
    Table,
)

Row = Mapping[str, str | None]
REAL = Path(__file__).parents[3] / "shared" / "data"
"""Beside the project, where it is checked out with its data."""


def order(number: str = "o1", at: str = "2017-10-16 12:00:00", **other: str | None) -> Row:
    """Approved after an hour, handed over after a day, delivered after three, unless told otherwise."""
    purchased = datetime.fromisoformat(at)
    usual: Row = {
        "order_id": number,
        "customer_id": f"c_{number}",
        "order_status": "delivered",
        "order_purchase_timestamp": at,
        "order_approved_at": str(purchased + timedelta(hours=1)),
        "order_delivered_carrier_date": str(purchased + timedelta(days=1)),
        "order_delivered_customer_date": str(purchased + timedelta(days=3)),
    }
    return {**usual, **other}


def called_off(number: str = "o1", at: str = "2017-10-16 12:00:00", **other: str | None) -> Row:
    """Paid, never shipped."""
    unshipped = {"order_delivered_carrier_date": None, "order_delivered_customer_date": None}
    return {**order(number, at, order_status="canceled"), **unshipped, **other}


def item(order: str = "o1", number: str = "1", product: str = "p1", **other: str) -> Row:
    """10.00 and 2.50 freight."""
    usual: Row = {
        "order_id": order,
        "order_item_id": number,
        "product_id": product,
        "seller_id": "s1",
        "price": "10.00",
        "freight_value": "2.50",
    }
    return {**usual, **other}


def payment(order: str = "o1", **other: str) -> Row:
    usual: Row = {
        "order_id": order,
        "payment_sequential": "1",
        "payment_type": "boleto",
        "payment_value": "12.50",
    }
    return {**usual, **other}


def product(number: str = "p1", category: str | None = "beleza_saude") -> Row:
    return {"product_id": number, "product_category_name": category}


def files(
    folder: Path,
    orders: Sequence[Row],
    items: Sequence[Row] | None = None,
    payments: Sequence[Row] = (),
    products: Sequence[Row] = (),
    reviews: Sequence[Row] = (),
    customers: Mapping[str, str] | None = None,
    csv: bool = False,
) -> OlistFiles:
    """One item per order unless told. `customers`: who is behind a customer_id, otherwise each is somebody else."""
    sold = [item(str(row["order_id"])) for row in orders] if items is None else items
    sold_products = sorted({str(row["product_id"]) for row in sold})
    people = {str(row["customer_id"]): f"u_{row['customer_id']}" for row in orders} | dict(customers or {})
    tables: list[tuple[Table, Sequence[Row]]] = [
        (ORDERS, orders),
        (ITEMS, sold),
        (PAYMENTS, payments),
        (CUSTOMERS, [{"customer_id": id, "customer_unique_id": person} for id, person in people.items()]),
        (PRODUCTS, products or list(map(product, sold_products))),
        (CATEGORIES, [{"product_category_name": "beleza_saude", "product_category_name_english": "health_beauty"}]),
        (REVIEWS, reviews),
    ]
    for table, rows in tables:
        frame = pl.DataFrame(list(rows), schema=dict.fromkeys(table.columns, pl.String()))
        if csv:
            frame.write_csv(folder / table.csv, quote_style="always")
        else:
            frame.write_parquet(folder / table.parquet)
    return OlistFiles(folder)
