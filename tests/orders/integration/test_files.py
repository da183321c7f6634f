"""What is to be shipped as a file, and its tracking numbers, over HTTP on real Kafka and MongoDB."""

import asyncio
import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.orders.integration.conftest import MUGS, Shop, won
from tests.support.eventually import eventually

pytestmark = pytest.mark.stack
TWO = [MUGS | {"line_id": "1"}, MUGS | {"line_id": "2", "quantity": 1}]
HONG = {"name": "=Hong", "phone": "+82-10-1234-5678", "address": "종로 1", "memo": None}


async def orders_to_ship(shop: Shop, *ids: str, **fields: Any) -> None:
    for id in ids:
        order = {"order_id": id, "lines": TWO, "shipping_fee": won(0), "recipient": HONG}
        await shop.place(**order | fields)
        await shop.post(f"/orders/{id}/payments", {"amount": won(20_000)})
    await asyncio.gather(*(shop.stock(id) for id in ids))


async def exported(shop: Shop, **wanted: str) -> list[dict[str, str]]:
    answer = await shop.http.get("/orders/to-ship.csv", params=wanted)
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbforder_id,")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def filled(rows: list[dict[str, str]], numbers: dict[str, str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    for row in rows:
        number = numbers.get(row["order_id"], "")
        writer.writerow(row | {"carrier": "CJGLS", "tracking_number": number})
    return text.getvalue()


async def imported(shop: Shop, content: bytes, actor: str = "seller:local") -> list[dict[str, Any]]:
    headers = {"content-type": "text/csv", "X-Actor": actor}
    answer = await shop.http.post("/orders/shipments/import", content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    results = [json.loads(line) for line in answer.text.splitlines()]
    assert len(results) == int(answer.headers["X-Rows"])
    return results


async def test_a_file_goes_out_and_ships_its_orders_when_it_comes_back(shop: Shop) -> None:
    await orders_to_ship(shop, "f1", "f2", "f3", customer_id="cus_files")
    await shop.place(order_id="f4", customer_id="cus_files")
    rows = await exported(shop, customer_id="cus_files")
    assert [(row["order_id"], row["line_id"], row["quantity"]) for row in rows] == [
        (id, line_id, quantity) for id in ("f1", "f2", "f3") for line_id, quantity in (("1", "3"), ("2", "1"))
    ]
    assert {row["recipient_phone"] for row in rows} == {"'+82-10-1234-5678"}
    content = filled(rows, {"f1": "6400-1", "f2": "6400-2"}).encode("cp949")
    first = await imported(shop, content)
    assert [(row["order_id"], row["result"]) for row in first] == [
        ("f1", "SHIPPED"),
        ("f1", "SHIPPED"),
        ("f2", "SHIPPED"),
        ("f2", "SHIPPED"),
        ("f3", "SKIPPED"),
        ("f3", "SKIPPED"),
    ]
    shipped = await shop.order("f1")
    assert [len(shipped["shipments"]), [line["shipped"] for line in shipped["lines"]]] == [1, [3, 1]]
    again = await imported(shop, content)
    assert {row["result"] for row in again} == {"UNCHANGED", "SKIPPED"}
    assert await shop.order("f1") == shipped
    assert {row["order_id"] for row in await exported(shop, customer_id="cus_files")} == {"f3"}
    assert shipped["recipient"] == HONG


async def test_each_refused_row_is_told_why_and_what_may_be_done_instead(shop: Shop) -> None:
    await orders_to_ship(shop, "w1", "w2", "w3", "w4")
    await shop.place(order_id="w5")
    await shop.post("/orders/w2/shipments", {"carrier": "CJGLS", "tracking_no": "T"})
    await shop.post("/orders/w3/claims", {"type": "CANCEL", "reason": "WRONG_ORDER"}, "buyer:cus_1")
    text = (
        "order_id,line_id,quantity,carrier,tracking_number\n"
        "w1,1,4,CJGLS,1\n"
        "w1,2,1,CJGLS,1\n"
        "nobody,1,1,CJGLS,2\n"
        "w2,,,CJGLS,3\n"
        "w3,,,CJGLS,4\n"
        "w4,9,1,CJGLS,5\n"
        "w4,2,1,CJGLS,6\n"
        "w5,,,CJGLS,7\n"
    )
    results = await imported(shop, text.encode("utf-16"))
    told = {row["row"]: [(error["field"], error["detail"]) for error in row["errors"]] for row in results}
    cancel = "units of it are asked to be cancelled: decide that first, or withdraw the request with the shipment"
    assert told == {
        2: [("quantity", "line 1 has only 3 units")],
        3: [("row", "goes in one parcel with row 2, which is refused")],
        4: [("order_id", "order nobody is not known")],
        5: [("row", "nothing is left to ship")],
        6: [("row", cancel)],
        7: [("line_id", "the order has no line 9")],
        8: [],
        9: [("row", "the order is not paid")],
    }
    [late, paid_later] = [row["allowed"] for row in results if row["order_id"] in ("w2", "w5")]
    assert ("deliver" in late, "pay" in paid_later) == (True, True)
    half = (await imported(shop, b"order_id,line_id,quantity,carrier,tracking_number\nw4,1,2,CJGLS,8\n"))[0]
    assert half["result"] == "SHIPPED"
    [more] = await imported(shop, b"order_id,line_id,quantity,carrier,tracking_number\nw4,1,2,CJGLS,9\n")
    assert more["errors"] == [{"field": "quantity", "detail": "line 1: 2 units are named and 1 are left"}]
    assert (await exported(shop, product_id="prd_mug"))[0]["order_id"] != "w3"
    [buyer] = await imported(shop, b"order_id,carrier,tracking_number\nw1,CJGLS,1\n", "buyer:cus_1")
    assert buyer["errors"][0]["detail"] == "buyer may not ship"


@pytest.mark.parametrize(
    ("content", "content_type", "status", "sentence"),
    [
        (b"order_id,carrier,tracking_number\n", "application/json", 415, "send text/csv"),
        (b"order_id\n1\n", "text/csv", 422, "columns carrier, tracking_number are missing"),
        (b"\x81\xff\xff", "text/csv", 422, "neither UTF-8 nor CP949"),
        (b"order_id,carrier,tracking_number\n" + b"o,C,1\n" * 10_001, "text/csv", 422, "10,001 rows"),
    ],
)
async def test_what_is_no_file_of_tracking_numbers_is_refused_as_a_whole(
    shop: Shop, content: bytes, content_type: str, status: int, sentence: str
) -> None:
    headers = {"content-type": content_type}
    answer = await shop.http.post("/orders/shipments/import", content=content, headers=headers)
    assert (answer.status_code, sentence in answer.json()["detail"]) == (status, True)


async def test_what_is_overdue_is_listed_and_exported_until_it_has_left(shop: Shop) -> None:
    await orders_to_ship(shop, "late", "in-time", customer_id="cus_late")
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    await shop.post("/orders/late/delays", {"ship_by": soon, "reason": "PRODUCT_PREPARE"})
    wanted = {"customer_id": "cus_late", "overdue": "true"}

    async def overdue() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await shop.http.get("/orders", params=wanted)).json()["items"]
        return found

    [order] = await eventually(overdue)
    assert (order["order_id"], order["overdue_since"]) == ("late", order["ship_by"])
    assert {(row["order_id"], row["overdue"]) for row in await exported(shop, **wanted)} == {("late", "overdue")}
    assert [row["order_id"] for row in await exported(shop, confirmed="true", customer_id="cus_late")] == []
    await shop.post("/orders/late/shipments", {"carrier": "CJGLS", "tracking_no": "T-late"})
    assert await overdue() == await exported(shop, **wanted) == []
