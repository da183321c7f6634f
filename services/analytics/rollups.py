"""Figures per day, ISO week and month, for the store and for each product, as the counters a ledger row adds to.

A rollup document holds one month of the store or of one product, with the month's days and weeks inside, so that a
sale writes one document per product and one for the store. A week across a month's edge is in two documents. The
partition is part of the id because no two processes may fight for the store's document; readers sum.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from functools import lru_cache

from services.analytics.buckets import Grain, bucket
from services.analytics.ledger import LedgerRow, RowKind
from shared.runtime.decision import Tally

COLLECTION = "rollups"
FIELD = {Grain.DAY: "days", Grain.WEEK: "weeks", Grain.MONTH: "months"}
"""Where a rollup document keeps the figures of each grain, by the bucket's key."""


class Scope(StrEnum):
    STORE = "store"
    PRODUCT = "product"


class Basis(StrEnum):
    """The day a reversal belongs to: the day it settled (cash view), or the day its order was paid."""

    EVENT = "event"
    ORDER = "order"


SOLD = ("orders", "units", "gross", "discounts", "shipping")
TAKEN_BACK = ("refunds", "units", "amount", "shipping")
PREFIX = {Basis.EVENT: "reversed", Basis.ORDER: "carried"}
TAKEN_BACK_IN = {basis: tuple(f"{prefix}_{figure}" for figure in TAKEN_BACK) for basis, prefix in PREFIX.items()}
FIGURES = (*SOLD, *TAKEN_BACK_IN[Basis.EVENT], *TAKEN_BACK_IN[Basis.ORDER])
COUNTS = frozenset({"orders", *(names[0] for names in TAKEN_BACK_IN.values())})
"""An order with two products is one order of each, and one of the store's: these do not add up over products."""

Figures = Counter[str]


def tallies(rows: Iterable[LedgerRow], partition: str) -> list[Tally]:
    """What the rows add to each rollup document."""
    names: dict[str | None, str | None] = {}
    adds: dict[tuple[str | None, str], dict[str, int]] = {}
    for (product_id, day), figures in _by_day(rows, names).items():
        add(adds.setdefault((product_id, _month(day)), {}), paths(day, figures))
    return [
        _tally(product_id, names.get(product_id), month, partition, added)
        for (product_id, month), added in adds.items()
        if added
    ]


def paths(day: str, figures: Mapping[str, int]) -> dict[str, int]:
    """A day's figures at the places where a document keeps them."""
    return {f"{place}.{name}": amount for place in _places(day) for name, amount in figures.items() if amount}


def add(sums: dict[str, int], figures: Mapping[str, int]) -> None:
    for name, amount in figures.items():
        if amount:
            sums[name] = sums.get(name, 0) + amount


def contributions(row: LedgerRow) -> Iterator[tuple[str, dict[str, int]]]:
    """The figures of one row, by day."""
    if row.kind is RowKind.SALE:
        amounts = (row.counted, row.units, row.list_amount, row.discount_amount, row.shipping_amount)
        yield row.event_day, dict(zip(SOLD, amounts, strict=True))
        return
    taken = (row.counted, -row.units, -row.net_amount, -row.shipping_amount)
    for basis, day in ((Basis.EVENT, row.event_day), (Basis.ORDER, row.paid_day)):
        yield day, dict(zip(TAKEN_BACK_IN[basis], taken, strict=True))


def _by_day(
    rows: Iterable[LedgerRow], names: dict[str | None, str | None]
) -> dict[tuple[str | None, str], dict[str, int]]:
    """Sums by product (None: the store) and day."""
    sums: dict[tuple[str | None, str], dict[str, int]] = {}
    for row in rows:
        for day, figures in contributions(row):
            if row.product_id is None:
                add(sums.setdefault((None, day), {}), figures)
            else:
                names.setdefault(row.product_id, row.name)
                add(sums.setdefault((row.product_id, day), {}), figures)
                amounts = {name: amount for name, amount in figures.items() if name not in COUNTS}
                add(sums.setdefault((None, day), {}), amounts)
    return sums


@lru_cache(maxsize=4096)
def _places(day: str) -> tuple[str, ...]:
    when = date.fromisoformat(day)
    return tuple(f"{field}.{bucket(grain, when).key}" for grain, field in FIELD.items())


@lru_cache(maxsize=4096)
def _month(day: str) -> str:
    return bucket(Grain.MONTH, date.fromisoformat(day)).key


def _tally(product_id: str | None, name: str | None, month: str, partition: str, added: Mapping[str, int]) -> Tally:
    scope = Scope.STORE if product_id is None else Scope.PRODUCT
    labels = {"scope": scope.value, "product_id": product_id, "name": name, "month": month, "partition": partition}
    return Tally(COLLECTION, f"{scope.value}:{product_id or ''}|{month}|{partition}", labels, added)
