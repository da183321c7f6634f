"""What HTTP answers, from real events through real Kafka and MongoDB."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.contracts.order_state import RefundKind
from tests.analytics.books import told
from tests.analytics.integration.shop import Shop, open_shop
from tests.analytics.orders import PAID_AT, a_line, a_refund, an_order, back, krw
from tests.support.eventually import eventually
from tests.support.stack import Stack

pytestmark = pytest.mark.stack
MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


@pytest.fixture(scope="module")
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    """Three orders: one of 28 February, one of 1 March, one of 2 March that came back in part in April."""
    february = PAID_AT.replace(month=2, day=28)
    march = PAID_AT.replace(day=1)
    returned = a_refund(
        back("l1", 1, 1500), kind=RefundKind.RETURN, settled_at=PAID_AT.replace(month=4), shipping_amount=krw(500)
    )
    cup, old_cup = a_line("l1", "cup", name="Cup, new"), a_line("l1", "cup", name="Cup")
    orders = [
        an_order(old_cup, order_id="o1", paid_at=february, shipping_fee=krw(2500)),
        an_order(cup, a_line("l2", "plate", list_amount=krw(700), ordered=5), order_id="o2", paid_at=march),
        an_order(
            a_line("l1", "bowl", list_amount=krw(3200), discount_amount=krw(200), ordered=2),
            order_id="o3",
            refunds=(returned,),
        ),
        an_order(a_line("l1", "ant", list_amount=krw(1000)), order_id="o4"),
    ]
    async with open_shop(stack) as shop:
        await shop.tell(told(order, 1) for order in orders)
        await shop.caught_up()
        yield shop


def rows_with_sales(report: Any, *names: str) -> dict[str, tuple[int, ...]]:
    return {row["bucket"]: tuple(row[name] for name in names) for row in report["rows"] if any(row[n] for n in names)}


async def test_sales_by_day(shop: Shop) -> None:
    report = await shop.get("/sales", **{"from": "2026-02-28", "to": "2026-03-02"})
    assert (report["currency"], report["grain"], report["basis"]) == ("KRW", "day", "event")
    assert rows_with_sales(report, "orders", "gross", "discounts", "reversals", "net", "units", "shipping") == {
        "2026-02-28": (1, 1000, 0, 0, 1000, 1, 2500),
        "2026-03-01": (1, 1700, 0, 0, 1700, 6, 0),
        "2026-03-02": (2, 4200, 200, 0, 4000, 3, 0),
    }
    assert (report["total"]["orders"], report["total"]["net"], report["total"]["average_order"]) == (4, 6700, 1675)


async def test_a_report_says_as_of_when_and_how_far_behind_it_is(shop: Shop) -> None:
    before = datetime.now(UTC)

    async def caught_up() -> bool:
        report = await shop.get("/sales", **MARCH)
        assert before <= datetime.fromisoformat(report["as_of"]) <= datetime.now(UTC)
        return [report["behind"], (await shop.get("/products/top", **MARCH))["behind"]] == [0, 0]

    await eventually(caught_up)


async def test_a_week_across_two_months_is_one_row(shop: Shop) -> None:
    report = await shop.get("/sales", **{"from": "2026-03-01", "to": "2026-03-02"}, grain="week")
    assert rows_with_sales(report, "orders", "gross") == {"2026-W09": (2, 2700), "2026-W10": (2, 4200)}
    assert (report["rows"][0]["first_day"], report["rows"][0]["last_day"]) == ("2026-02-23", "2026-03-01")


async def test_months_by_both_bases(shop: Shop) -> None:
    asked = {"from": "2026-02-01", "to": "2026-04-30", "grain": "month"}
    names = ("net", "reversals", "refunds", "units_back", "shipping_back")
    by_event = await shop.get("/sales", **asked)
    assert rows_with_sales(by_event, *names) == {
        "2026-02": (1000, 0, 0, 0, 0),
        "2026-03": (5700, 0, 0, 0, 0),
        "2026-04": (-1500, 1500, 1, 1, 500),
    }
    by_order = await shop.get("/sales", **asked, basis="order")
    assert rows_with_sales(by_order, *names) == {"2026-02": (1000, 0, 0, 0, 0), "2026-03": (4200, 1500, 1, 1, 500)}
    assert {**by_event["total"]} == {**by_order["total"]}


async def test_sales_of_a_product(shop: Shop) -> None:
    report = await shop.get("/products/bowl/sales", **MARCH, grain="month", basis="order")
    assert report["product_id"] == "bowl"
    assert rows_with_sales(report, "orders", "units", "units_back", "net") == {"2026-03": (1, 2, 1, 1500)}
    unsold = await shop.http.get("/products/spoon/sales", params=MARCH)
    assert unsold.status_code == 404
    assert "spoon" in unsold.json()["detail"]


async def test_the_best_products_ties_by_id(shop: Shop) -> None:
    top = await shop.get("/products/top", **MARCH)
    assert (top["grain"], top["by"], top["first_day"], top["last_day"]) == ("month", "net", "2026-03-01", "2026-03-31")
    named = [(row["rank"], row["product_id"], row["net"]) for row in top["items"]]
    assert named == [(1, "bowl", 3000), (2, "ant", 1000), (3, "cup", 1000), (4, "plate", 700)]
    by_order = await shop.get("/products/top", **MARCH, basis="order", limit=2)
    assert [(row["product_id"], row["net"]) for row in by_order["items"]] == [("bowl", 1500), ("ant", 1000)]
    by_units = await shop.get("/products/top", **MARCH, by="units", limit=2)
    assert [(row["product_id"], row["units"]) for row in by_units["items"]] == [("plate", 5), ("bowl", 2)]


async def test_the_best_products_of_some_days_and_of_a_week(shop: Shop) -> None:
    days = await shop.get("/products/top", **{"from": "2026-02-28", "to": "2026-03-01"})
    assert days["grain"] == "day"
    assert [(row["product_id"], row["net"], row["name"]) for row in days["items"]] == [
        ("cup", 2000, "Cup, new"),
        ("plate", 700, "Product plate"),
    ]
    week = await shop.get("/products/top", **{"from": "2026-02-28", "to": "2026-02-28"}, grain="week")
    assert (week["first_day"], week["last_day"]) == ("2026-02-23", "2026-03-01")
    assert [(row["product_id"], row["net"]) for row in week["items"]] == [("cup", 2000), ("plate", 700)]
    april = await shop.get("/products/top", **{"from": "2026-04-01", "to": "2026-04-30"}, basis="order")
    assert april["items"] == []


async def test_the_rows_behind_a_figure(shop: Shop) -> None:
    of_order = await shop.get("/ledger", order_id="o3")
    assert [row["id"] for row in of_order["items"]] == ["o3/rf_1/l1", "o3/rf_1/", "o3//l1", "o3//"]
    assert (await shop.get("/ledger", order_id="o"))["items"] == []
    cups = await shop.get("/ledger", product_id="cup")
    assert [(row["order_id"], row["net_amount"]) for row in cups["items"]] == [("o2", 1000), ("o1", 1000)]
    settled = await shop.get("/ledger", day="2026-04-02")
    assert [row["id"] for row in settled["items"]] == ["o3/rf_1/l1", "o3/rf_1/"]
    carried = await shop.get("/ledger", day="2026-03-02", basis="order", product_id="bowl")
    assert sum(row["net_amount"] for row in carried["items"]) == 1500
    first = carried["items"][0]
    assert (first["currency"], first["kind"], first["reason"]) == ("KRW", "RETURN", "INTENT_CHANGED")
    assert (first["paid_day"], first["event_day"]) == ("2026-03-02", "2026-04-02")


async def test_the_ledger_page_by_page_is_the_whole_ledger(shop: Shop) -> None:
    whole = [json.loads(line) for line in (await shop.http.get("/ledger/export")).text.splitlines()]
    pages, cursor = [], None
    while True:
        page = await shop.get("/ledger", limit=3, **({"cursor": cursor} if cursor else {}))
        pages += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(pages) == len({row["id"] for row in pages}) == 11
    assert sorted(pages, key=lambda row: str(row["id"])) == sorted(whole, key=lambda row: str(row["id"]))


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/sales", {"to": "2026-03-01"}, "from"),
        ("/sales", {"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        ("/sales", {"from": "March", "to": "2026-03-01"}, "from"),
        ("/sales", {"from": "0001-01-01", "to": "9999-12-31"}, "to"),
        ("/sales", {"from": "1990-01-01", "to": "2026-03-01"}, "to"),
        ("/sales", {**MARCH, "grain": "year"}, "grain"),
        ("/sales", {**MARCH, "basis": "cash"}, "basis"),
        ("/products/top", {**MARCH, "limit": "0"}, "limit"),
        ("/products/top", {**MARCH, "by": "luck"}, "by"),
        ("/products/top", {"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        ("/products/ /sales", MARCH, "product_id"),
        ("/ledger", {"order_id": "a b"}, "order_id"),
        ("/ledger", {"day": "2026-13-01"}, "day"),
        ("/ledger", {"limit": "500"}, "limit"),
        ("/ledger", {"cursor": "nonsense"}, "cursor"),
    ],
)
async def test_a_wrong_question_names_the_field(shop: Shop, path: str, query: dict[str, str], field: str) -> None:
    answer = await shop.http.get(path, params=query)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]
