"""Which sold units a line of cancellations takes back: the files do not say."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import polars as pl


class Sold(NamedTuple):
    """A line of an order, by its place in the order."""

    order_id: str
    place: int
    at: datetime
    price: int


class Match(NamedTuple):
    row: int
    sold: Sold | None
    """None where no earlier line of the same customer and code has units left."""
    units: int


def matches(lines: pl.DataFrame, back: pl.DataFrame) -> Iterator[Match]:
    """The newest earlier line first, several if needed. A guest is nobody in particular, so has no earlier lines."""
    shelf: dict[tuple[str, str], list[Sold]] = defaultdict(list)
    left: dict[Sold, int] = {}
    known = lines.join(back, on=["customer", "code"], how="semi").sort("placed", "row")
    columns = known.select("customer", "code", "order_id", "place", "placed", "price", "quantity")
    for customer, code, order_id, place, placed, price, quantity in columns.iter_rows():
        sold = Sold(order_id, place, placed, price)
        shelf[customer, code].append(sold)
        left[sold] = quantity
    for row, customer, code, at, quantity in back.select("row", "customer", "code", "at", "quantity").iter_rows():
        wanted = -quantity
        for sold in reversed(shelf.get((customer, code), [])):
            if wanted and sold.at < at and (units := min(wanted, left[sold])):
                left[sold] -= units
                wanted -= units
                yield Match(row, sold, units)
        if wanted:
            yield Match(row, None, wanted)
