"""The lists of orders on their indexes: what they find, in which order, and how much of the store they read for it."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from services.orders.repository import CLAIM_STATUSES, INDEXES, NEWEST_FIRST, ORDER, how_many, index_for, orders_where
from shared.contracts.order_state import ClaimStatus, ClaimType, OrderStatus, StockStatus
from shared.runtime.mongo import Collection, Database
from shared.runtime.paging import paginate
from tests.support.memory import T0
from tests.support.stack import Stack

pytestmark = pytest.mark.stack
ORDERS = 1_500
A_PAGE = 40
AT_A_TIME = 3
AN_HOUR = timedelta(hours=1)
Json = Mapping[str, Any]


def an_order(number: int, draw: Random) -> Json:
    """What lists ask for of an order. Some are placed at the same time, and what is popular is so by far."""
    status = draw.choice(list(OrderStatus))
    claims = [_a_claim(draw) for _ in range(max(0, draw.randrange(10) - 7))]
    if canceling := draw.random() < 0.05:
        claims.append({"claim_id": "clm", "type": ClaimType.CANCEL, "status": ClaimStatus.CANCEL_DONE})
    late = status in (OrderStatus.PAYED, OrderStatus.DELIVERING) and draw.random() < 0.3
    products = {f"prd_{int(draw.paretovariate(0.7))}" for _ in range(3)}
    return {
        "_id": f"o{number:04}",
        "status": status,
        "stock": StockStatus.PENDING if draw.random() < 0.02 else StockStatus.RESERVED,
        "customer_id": f"cus_{int(draw.paretovariate(0.5))}",
        "lines": [{"product_id": id, "claim_status": "CANCELING" if canceling else None} for id in products],
        "claims": claims,
        "placed_at": T0 - number // AT_A_TIME * AN_HOUR,
        "overdue_since": T0 if late else None,
    }


def _a_claim(draw: Random) -> Json:
    type = draw.choice(list(ClaimType))
    return {"claim_id": "clm", "type": type, "status": draw.choice(CLAIM_STATUSES[type])}


DRAW = Random(11)
STORE = [an_order(number, DRAW) for number in range(ORDERS)]
ONLY_WAITED_FOR = {"_id": "waited", "meta": {"held": 1}}


@pytest.fixture(scope="module")
async def orders(stack: Stack) -> AsyncIterator[Collection]:
    """MongoDB keeps a profile of all that is asked of them."""
    database = Database(stack.mongo, f"t{uuid4().hex[:8]}-lists")
    try:
        await database.create_indexes(INDEXES)
        orders = database.collection(ORDER.collection)
        await orders.insert_many([*STORE, ONLY_WAITED_FOR])
        await orders.database.create_collection("system.profile", capped=True, size=50_000_000)
        await orders.database.command("profile", 2)
        yield orders
    finally:
        await database.drop()
        database.close()


async def profiled(orders: Collection, since: int = 0) -> list[Json]:
    profile = orders.database["system.profile"]
    rows: list[Json] = await profile.find({"ns": f"{orders.database.name}.orders"}).skip(since).to_list(None)
    return rows


async def pages(orders: Collection, wanted: Json) -> list[list[str]]:
    found: list[list[str]] = []
    where, cursor = orders_where(**wanted), None
    while not found or cursor:
        page = await paginate(orders, where, sort=NEWEST_FIRST, limit=A_PAGE, cursor=cursor, index=index_for(where))
        found.append([order["_id"] for order in page.items])
        cursor = page.next_cursor
    return found


def is_wanted(order: Json, wanted: Json) -> bool:
    claim = {"type": wanted.get("claim_type"), "status": wanted.get("claim_status")}
    if claim["status"] is ClaimStatus.CANCELING and claim["type"] in (None, ClaimType.CANCEL):
        claim = {}
        if all(line["claim_status"] is None for line in order["lines"]):
            return False
    asked = {name: value for name, value in claim.items() if value}
    return (
        all(order[name] == wanted[name] for name in ("status", "stock", "customer_id") if name in wanted)
        and ("product_id" not in wanted or any(line["product_id"] == wanted["product_id"] for line in order["lines"]))
        and (not wanted.get("overdue") or order["overdue_since"] is not None)
        and (not asked or any(asked.items() <= one.items() for one in order["claims"]))
        and wanted.get("placed_from", order["placed_at"]) <= order["placed_at"]
        and ("placed_before" not in wanted or order["placed_at"] < wanted["placed_before"])
    )


DAYS: Json = {"placed_from": T0 - 400 * AN_HOUR, "placed_before": T0 - 100 * AN_HOUR}
PAYED: Json = {"status": OrderStatus.PAYED}
RETURNED: Json = {"status": OrderStatus.RETURNED}
FEW: Sequence[Json] = [
    {"overdue": True},
    *({"claim_type": type} for type in ClaimType),
    *({"claim_status": status} for status in ClaimStatus if status is not ClaimStatus.CANCELING),
    {"claim_type": ClaimType.RETURN, "claim_status": ClaimStatus.COLLECTING},
    {"claim_type": ClaimType.CANCEL, "claim_status": ClaimStatus.COLLECTING},
]
SOME: Sequence[Json] = [
    {"stock": StockStatus.PENDING},
    {"stock": StockStatus.RESERVED},
    *({"customer_id": f"cus_{number}"} for number in (1, 7, 10**12)),
    *({"product_id": f"prd_{number}"} for number in (1, 7, 10**12)),
    {"claim_status": ClaimStatus.CANCELING},
]
SEVERAL: Sequence[Json] = [
    {"product_id": "prd_1", "overdue": True},
    {"product_id": "prd_1", "claim_type": ClaimType.RETURN},
    {"customer_id": "cus_1", "claim_status": ClaimStatus.COLLECTING, "status": OrderStatus.PAYED},
    {"claim_type": ClaimType.CANCEL, "claim_status": ClaimStatus.CANCELING},
    {"claim_type": ClaimType.RETURN, "claim_status": ClaimStatus.CANCELING},
    *({**some, **PAYED} for some in SOME),
]


async def found_by(orders: Collection, wanted: Json) -> list[list[str]]:
    """Whatever the pages are, they are what is wanted, newest first."""
    found = await pages(orders, wanted)
    expected = [order for order in STORE if is_wanted(order, wanted)]
    expected.sort(key=lambda order: (order["placed_at"], order["_id"]), reverse=True)
    assert [id for page in found for id in page] == [order["_id"] for order in expected], wanted
    return found


@pytest.mark.parametrize("more", [{}, DAYS], ids="&".join)
async def test_a_page_reads_what_it_shows(orders: Collection, more: Json) -> None:
    for filter in ({}, PAYED, RETURNED, *FEW, *({**few, **PAYED} for few in FEW), *SOME):
        before = len(await profiled(orders))
        found = await found_by(orders, {**filter, **more})
        asked = await profiled(orders, before)
        assert len(asked) == len(found)
        for one in asked:
            assert one["docsExamined"] <= one["nreturned"] + AT_A_TIME, (filter, one["planSummary"])


@pytest.mark.parametrize("more", [{}, DAYS], ids="&".join)
async def test_several_filters_find_what_passes_them_all(orders: Collection, more: Json) -> None:
    for filter in SEVERAL:
        await found_by(orders, {**filter, **more})


async def test_orders_are_counted_in_the_index_alone(orders: Collection) -> None:
    before = len(await profiled(orders))
    counted = {status: (await orders.database.command(how_many(status)))["n"] for status in OrderStatus}
    assert counted == Counter(order["status"] for order in STORE)
    for one in await profiled(orders, before):
        assert (one["docsExamined"], one["planSummary"].split()[0]) == (0, "COUNT_SCAN")
