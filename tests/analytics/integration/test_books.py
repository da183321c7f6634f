"""The books on real Kafka and MongoDB: the same whatever happens to the events, and rebuilt as they were."""

import asyncio
import random

import pytest

from services.analytics import repository
from services.analytics.ledger import LedgerRow, ledger
from services.analytics.projections import GROUP, LEDGER
from services.analytics.rebuilding import alone
from services.analytics.rollups import COLLECTION as ROLLUPS
from shared.contracts.envelope import Envelope
from shared.contracts.order_state import OrderState, RefundKind
from shared.runtime.offsets import Offsets
from tests.analytics.books import Sums, rollups_from, told
from tests.analytics.integration.shop import Shop, a_process
from tests.analytics.orders import PAID_AT, ZONE, a_line, a_refund, an_order, back, krw, sold
from tests.support.eventually import eventually
from tests.support.replies import profiled, replies

pytestmark = pytest.mark.stack


def a_life(n: int) -> list[OrderState]:
    """Placed, paid, partly returned weeks later; every third one gets a goodwill refund on top."""
    lines = [
        a_line(f"l{k}", f"p{(n + k) % 7}", ordered=3, list_amount=krw(1000 + n), discount_amount=krw(n % 90))
        for k in range(4)
    ]
    paid = an_order(*lines, order_id=f"ord_{n}", shipping_fee=krw(2500), paid_at=PAID_AT.replace(day=1 + n % 28))
    assert paid.paid_at is not None
    returned = a_refund(
        back("l1", 2, sold(lines[1], 0, 2)), settled_at=paid.paid_at.replace(month=4), kind=RefundKind.RETURN
    )
    states = [paid.model_copy(update={"paid_at": None}), paid, paid.model_copy(update={"refunds": (returned,)})]
    if n % 3 == 0:
        sorry = a_refund(back("l0", 0, 100), refund_id="rf_2", kind=RefundKind.GOODWILL, reason="ETC")
        states.append(paid.model_copy(update={"refunds": (returned, sorry)}))
    return states


def events_of(lives: list[list[OrderState]]) -> list[Envelope]:
    return [told(state, sequence) for life in lives for sequence, state in enumerate(life, start=1)]


def expected_rows(lives: list[list[OrderState]]) -> dict[str, LedgerRow]:
    return {row.row_id: row for life in lives for row in ledger(life[-1], ZONE)}


async def rows_of(shop: Shop) -> dict[str, LedgerRow]:
    rows = await shop.runtime.collection(LEDGER).find().to_list(None)
    return {row["_id"]: LedgerRow.model_validate(row) for row in rows}


async def rollups_of(shop: Shop) -> Sums:
    sums: Sums = Sums()
    async for document in shop.runtime.collection(ROLLUPS).find():
        for field in ("days", "weeks", "months"):
            for key, figures in document[field].items():
                for name, amount in figures.items():
                    sums[document["product_id"] or "", document["month"], f"{field}.{key}.{name}"] += amount
    return sums


async def test_events_repeated_shuffled_and_read_by_two_processes_are_booked_once(shop: Shop) -> None:
    lives = [a_life(n) for n in range(60)]
    events = events_of(lives) * 3
    random.Random(7).shuffle(events)
    await shop.tell(events[: len(events) // 2])
    async with a_process(shop.settings):
        await eventually(shop.is_shared)
        await shop.tell(events[len(events) // 2 :])
        await shop.caught_up()
    rows = expected_rows(lives)
    assert await rows_of(shop) == rows
    assert await rollups_of(shop) == rollups_from(rows.values())
    result = await shop.reconciled()
    assert result["ledger_rows"] == len(rows)
    assert result["compared"] == len(rollups_by_bucket(rollups_from(rows.values())))


def rollups_by_bucket(sums: Sums) -> set[tuple[str, str]]:
    """A week across a month's edge is compared once."""
    return {(product, path) for product, _, path in sums}


async def test_a_difference_is_named(shop: Shop) -> None:
    await shop.tell(events_of([a_life(n) for n in range(3)]))
    await shop.caught_up()
    await shop.reconciled()
    rollups = shop.runtime.collection(ROLLUPS)
    await rollups.update_one({"product_id": "p1"}, {"$inc": {"days.2026-03-01.gross": 5}})
    result = await shop.get("/reconcile")
    assert (result["ok"], result["difference_count"]) == (False, 1)
    [difference] = result["differences"]
    assert difference["rollups"] - difference["ledger"] == 5
    assert {**difference, "rollups": 0, "ledger": 0} == {
        "scope": "product",
        "product_id": "p1", "grain": "day", "bucket": "2026-03-01", "figure": "gross", "ledger": 0, "rollups": 0,
    }  # fmt: skip


async def test_a_lost_row_is_a_difference_of_the_product_and_of_the_store(shop: Shop) -> None:
    await shop.tell(events_of([a_life(0)]))
    await shop.caught_up()
    lost = await shop.runtime.collection(LEDGER).find_one_and_delete({"line_id": "l3", "kind": "SALE"})
    result = await shop.get("/reconcile")
    assert {row["product_id"] for row in result["differences"]} == {None, lost["product_id"]}
    assert {row["figure"] for row in result["differences"]} == {"gross", "orders", "units"}
    assert {row["grain"] for row in result["differences"]} == {"day", "week", "month"}


@pytest.mark.parametrize("in_a_range", [0, 1, repository.ROLLUPS_IN_A_RANGE])
async def test_products_that_only_one_side_knows_are_differences(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, in_a_range: int
) -> None:
    monkeypatch.setattr(repository, "ROLLUPS_IN_A_RANGE", in_a_range)
    await shop.tell([told(an_order(a_line(product_id=id), order_id=f"o{id}"), 1) for id in ("a", "a.b", "a~b", "c")])
    await shop.caught_up()
    assert (await shop.reconciled())["compared"] == 5 * 3 * 3
    await shop.runtime.collection(ROLLUPS).delete_many({"product_id": "a.b"})
    await shop.runtime.collection(ROLLUPS).update_one({"product_id": "c"}, {"$set": {"product_id": "b"}})
    result = await shop.get("/reconcile")
    named = [(row["product_id"], row["ledger"] > 0, row["rollups"] > 0) for row in result["differences"]]
    assert set(named) == {("a.b", True, False), ("b", False, True), ("c", True, False)}
    assert result["difference_count"] == 3 * 9


async def test_rebuilt_from_the_ledger_they_are_the_same_and_consuming_goes_on(shop: Shop) -> None:
    lives = [a_life(n) for n in range(40)]
    await shop.tell(events_of(lives[:20]))
    await shop.caught_up()
    before = await rollups_of(shop)
    await shop.runtime.collection(ROLLUPS).update_many({}, {"$inc": {"months.2026-03.gross": 1}})
    rebuilt = (await shop.http.post("/ops/rebuild")).json()
    assert rebuilt == {"ledger_rows": len(await rows_of(shop)), "rollup_documents": 2 * 8}
    assert await rollups_of(shop) == before
    assert (await shop.get("/products/top", **{"from": "2026-03-01", "to": "2026-03-31"}))["items"][0]["name"]
    await shop.tell(events_of(lives[20:]))
    await shop.caught_up()
    assert await rollups_of(shop) == rollups_from(expected_rows(lives).values())
    await shop.reconciled()


async def test_rebuilds_while_events_come_in_lose_none(shop: Shop) -> None:
    lives = [a_life(n) for n in range(400)]

    async def tell_little_by_little() -> None:
        for start in range(0, len(lives), 10):
            await shop.tell(events_of(lives[start : start + 10]))

    async with asyncio.TaskGroup() as group:
        telling = group.create_task(tell_little_by_little())
        while not telling.done():
            assert (await shop.http.post("/ops/rebuild")).status_code == 200
            await shop.reconciled()
    await shop.caught_up()
    assert await rollups_of(shop) == rollups_from(expected_rows(lives).values())
    await shop.reconciled()


async def test_books_are_compared_and_told_a_few_rows_at_a_time(shop: Shop) -> None:
    """A reply of MongoDB may be 16 MB long, and many times that in memory."""
    orders = [
        an_order(*(a_line(f"l{k}", f"p{n}-{k}") for k in range(200)), order_id=f"ord_{n}", paid_at=PAID_AT)
        for n in range(50)
    ]
    rows = expected_rows([[order] for order in orders])
    books, rollups = shop.runtime.collection(LEDGER), shop.runtime.collection(ROLLUPS)
    await books.insert_many([{**row.document(), "_id": id} for id, row in rows.items()])
    assert (await shop.http.post("/ops/rebuild")).status_code == 200
    async with profiled(books.database):
        result = await shop.reconciled()
        told = (await shop.http.get("/ledger/export")).text.splitlines()
    assert (result["ledger_rows"], result["rollup_documents"], len(told)) == (50 * 201, 50 * 200 + 1, 50 * 201)
    lengths = [reply["responseLength"] for reply in (*await replies(books), *await replies(rollups))]
    assert sum(lengths) > 5_000_000 and max(lengths) < 800_000


async def test_one_rebuild_at_a_time(shop: Shop) -> None:
    await shop.tell(events_of([a_life(0)]))
    await shop.caught_up()
    async with alone(shop.runtime.database):
        refused = await shop.http.post("/ops/rebuild")
        assert (refused.status_code, refused.json()["detail"]) == (409, "the rollups are being rebuilt already")
    assert (await shop.http.post("/ops/rebuild")).status_code == 200


async def test_a_rebuild_that_was_killed_midway_is_done_anew(shop: Shop) -> None:
    """What a killed process leaves behind: the group paused, and half of the rollups aside."""
    lives = [a_life(n) for n in range(10)]
    await shop.tell(events_of(lives[:5]))
    await shop.caught_up()
    await Offsets(shop.runtime.database, GROUP).pause("rebuild", PAID_AT)
    await shop.runtime.collection("rollups_aside_of_the_dead").insert_one({"_id": "store:|2026-03|rebuilt"})
    await shop.reconciled()
    await shop.tell(events_of(lives[5:]))
    assert (await shop.http.post("/ops/rebuild")).status_code == 200
    await shop.caught_up()
    assert await rollups_of(shop) == rollups_from(expected_rows(lives).values())
    names = await shop.runtime.collection(ROLLUPS).database.list_collection_names()
    assert not [name for name in names if "aside" in name]
