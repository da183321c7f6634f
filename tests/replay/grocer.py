"""A grocer's files with only what a test cares about."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import polars as pl

from deploy.replay.completejourney_files import PRODUCTS, TRANSACTIONS, CompleteJourneyFiles

ORDINARY, CANCELLED, GOODWILL = 102, 100, 101
"""Basket numbers: what becomes of an order depends on the remainder by 50."""

Row = Mapping[str, object]


def row(basket: int = ORDINARY, at: str = "2017-01-16 12:00:00", **other: object) -> Row:
    """A line bought: one unit of product 7 for 3.00 after 0.40 off, unless told otherwise."""
    usual: Row = {
        "household_id": 1,
        "basket_id": basket,
        "product_id": 7,
        "quantity": 1,
        "sales_value": 3.0,
        "retail_disc": 0.3,
        "coupon_match_disc": 0.1,
        "transaction_timestamp": datetime.fromisoformat(at),
    }
    return {**usual, **other}


def product(product_id: int = 7, **other: object) -> Row:
    usual: Row = {
        "product_id": product_id,
        "department": "GROCERY",
        "product_category": "FRZN ICE",
        "product_type": "ICE",
        "package_size": "22 LB",
    }
    return {**usual, **other}


def files(folder: Path, rows: Sequence[Row], products: Sequence[Row] = ()) -> CompleteJourneyFiles:
    pl.DataFrame(list(rows), schema=dict(TRANSACTIONS)).write_parquet(folder / "transactions.parquet")
    pl.DataFrame(list(products) or [product()], schema=dict(PRODUCTS)).write_parquet(folder / "products.parquet")
    return CompleteJourneyFiles(folder)
