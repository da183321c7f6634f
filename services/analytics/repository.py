"""All that analytics knows of MongoDB: its documents, indexes and what reports read."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.analytics.buckets import Period
from services.analytics.ledger import RowKind
from services.analytics.projections import LEDGER, OrderFacts
from services.analytics.reports import Ranking
from services.analytics.rollups import COLLECTION as ROLLUPS
from services.analytics.rollups import FIELD, PREFIX, SOLD, TAKEN_BACK_IN, Basis, Figures, Scope
from shared.runtime.decision import Document, Kind
from shared.runtime.mongo import Collection, Database, Session
from shared.runtime.stored import under

ORDER_FACTS = Kind("order_facts", "order_facts", OrderFacts.model_validate, OrderFacts.model_dump)

ROWS_AT_ONCE = 1_000
ROLLUPS_AT_ONCE = 100
"""In one reply of MongoDB, which would be up to 16 MB, and many times that once it is decoded."""
ROLLUPS_IN_A_RANGE = 10_000
"""Compared as of one moment, which MongoDB remembers for five minutes."""
NEWEST_FIRST = [("event_day", DESCENDING), ("_id", DESCENDING)]
INDEXES = {
    LEDGER: [
        IndexModel([("event_day", ASCENDING), ("_id", ASCENDING)]),
        IndexModel([("paid_day", ASCENDING), ("_id", ASCENDING)]),
        IndexModel([("product_id", ASCENDING), ("event_day", ASCENDING), ("_id", ASCENDING)]),
    ],
    ROLLUPS: [
        IndexModel([("product_id", ASCENDING), ("month", ASCENDING)]),
        IndexModel([("month", ASCENDING)]),
    ],
}


async def sales_by_bucket(rollups: Collection, product_id: str | None, period: Period) -> dict[str, Figures]:
    """The figures of the store, or of one product, by bucket key."""
    scope = Scope.STORE if product_id is None else Scope.PRODUCT
    field = FIELD[period.grain]
    query = {"scope": scope.value, "product_id": product_id, "month": _between(*period.months)}
    sums: dict[str, Figures] = defaultdict(Counter)
    async for document in rollups.find(query, {field: 1}):
        for key, figures in document[field].items():
            sums[key].update(figures)
    return sums


async def is_sold(rollups: Collection, product_id: str) -> bool:
    query = {"scope": Scope.PRODUCT.value, "product_id": product_id}
    return await rollups.find_one(query, {"_id": 1}) is not None


@dataclass(frozen=True)
class Best:
    product_id: str
    name: str | None
    figures: Figures


async def best_products(rollups: Collection, period: Period, basis: Basis, by: Ranking, limit: int) -> list[Best]:
    """Those with anything sold or taken back in the period, and their names as last sold in it; ties by id."""
    names = [*SOLD, *TAKEN_BACK_IN[basis]]
    first, last = period.keys
    within = {"$and": [{"$gte": ["$$bucket.k", first]}, {"$lte": ["$$bucket.k", last]}]}
    buckets = {"$objectToArray": f"${FIELD[period.grain]}"}
    pipeline: list[Document] = [
        {"$match": {"scope": Scope.PRODUCT.value, "month": _between(*period.months)}},
        {
            "$project": {
                "product_id": 1,
                "sold_as": {"month": "$month", "name": "$name"},
                "buckets": {"$filter": {"input": buckets, "as": "bucket", "cond": within}},
            }
        },
        {"$match": {"buckets": {"$ne": []}}},
        {
            "$group": {
                "_id": "$product_id",
                "sold_as": {"$max": "$sold_as"},
                **{name: {"$sum": {"$sum": f"$buckets.v.{name}"}} for name in names},
            }
        },
        {"$match": {"$or": [{name: {"$ne": 0}} for name in names]}},
        {"$addFields": {"by": _rank(by, basis)}},
        {"$sort": {"by": -1, "_id": 1}},
        {"$limit": limit},
    ]
    found = await rollups.aggregate(pipeline, allowDiskUse=True).to_list(None)
    return [Best(row["_id"], row["sold_as"]["name"], Counter({name: row[name] for name in names})) for row in found]


def _rank(by: Ranking, basis: Basis) -> Any:
    match by:
        case Ranking.NET:
            return {"$subtract": ["$gross", {"$add": ["$discounts", f"${PREFIX[basis]}_amount"]}]}
        case Ranking.UNITS:
            return "$units"


def ledger_query(order_id: str | None, product_id: str | None, day: date | None, basis: Basis) -> Document:
    query: Document = {}
    if order_id is not None:
        query["_id"] = under(order_id)
    if product_id is not None:
        query["product_id"] = product_id
    if day is not None:
        query["event_day" if basis is Basis.EVENT else "paid_day"] = day.isoformat()
    return query


async def product_ranges(rollups: Collection) -> AsyncIterator[Document]:
    """Conditions on `product_id`: together they are met by every product, each by as many as some rollups are about."""
    behind, by_id = "", [("product_id", ASCENDING)]
    only_id = {"_id": False, "product_id": True}
    while last := await rollups.find_one({"product_id": {"$gt": behind}}, only_id, sort=by_id, skip=ROLLUPS_IN_A_RANGE):
        yield {"$gt": behind, "$lte": last["product_id"]}
        behind = last["product_id"]
    yield {"$gt": behind}


def ledger_by_day(database: Database, session: Session, products: Document) -> AsyncIterator[Document]:
    """Figures of each of the products by the two days of their rows, sorted by product."""
    return _summed(database, session, "$product_id", [{"$match": {"product_id": products}}])


def ledger_of_store_by_day(database: Database, session: Session) -> AsyncIterator[Document]:
    """Figures by the two days of the rows, of the orders themselves (without a product) and of all products at once."""
    return _summed(database, session, {"$cond": [{"$eq": ["$product_id", None]}, None, "all"]}, [])


def _summed(
    database: Database, session: Session, product_id: Any, chosen: Sequence[Document]
) -> AsyncIterator[Document]:
    is_sale = {"$eq": ["$kind", RowKind.SALE.value]}
    sold = ("$counted", "$units", "$list_amount", "$discount_amount", "$shipping_amount")
    taken_back = (
        "$counted",
        *({"$multiply": [-1, column]} for column in ("$units", "$net_amount", "$shipping_amount")),
    )

    def sums(names: Sequence[str], amounts: Sequence[Any], *, of_sales: bool) -> Document:
        chosen = [[is_sale, amount, 0] if of_sales else [is_sale, 0, amount] for amount in amounts]
        return {name: {"$sum": {"$cond": one}} for name, one in zip(names, chosen, strict=True)}

    pipeline = [
        *chosen,
        {
            "$group": {
                "_id": {"product_id": product_id, "event_day": "$event_day", "paid_day": "$paid_day"},
                "rows": {"$sum": 1},
                **sums(SOLD, sold, of_sales=True),
                **sums(TAKEN_BACK_IN[Basis.EVENT], taken_back, of_sales=False),
                **sums(TAKEN_BACK_IN[Basis.ORDER], taken_back, of_sales=False),
            }
        },
        {"$sort": {"_id.product_id": ASCENDING}},
    ]
    ledger = database.collection(LEDGER)
    return _stream(ledger.aggregate(pipeline, session=session, allowDiskUse=True, batchSize=ROWS_AT_ONCE))


def rollups_by_product(database: Database, session: Session, products: Document | None) -> AsyncIterator[Document]:
    """Of these products, in their order; None: the store's own."""
    rollups = database.collection(ROLLUPS)
    found = rollups.find({"product_id": products}, session=session, batch_size=ROLLUPS_AT_ONCE)
    return _stream(found.sort("product_id", ASCENDING))


async def ledger_rows(ledger: Collection, at_once: int = ROWS_AT_ONCE) -> AsyncIterator[list[Document]]:
    """All of them, a few at a time."""
    async with ledger.find(batch_size=at_once) as cursor:
        while rows := await cursor.to_list(at_once):
            yield rows


async def _stream(cursor: Any) -> AsyncIterator[Document]:
    async for document in cursor:
        yield document


def _between(first: str, last: str) -> Document:
    return {"$gte": first, "$lte": last}
