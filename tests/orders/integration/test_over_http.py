"""Orders as people see them: over HTTP, on real Kafka and MongoDB."""

import asyncio
from typing import Any

import pytest

from shared.contracts.catalog import ShortageCode
from tests.orders.integration.conftest import MUGS, ORDER, PARCEL, Shop, a_paid_order, won

pytestmark = pytest.mark.stack


async def test_an_order_s_life(shop: Shop) -> None:
    placed = await shop.place(order_id="life")
    assert (placed.status_code, placed.json()["allowed_actions"]) == (
        201,
        ["pay", "change_recipient", "request_cancel"],
    )
    await a_paid_order(shop, "life")
    early = await shop.post("/orders/life/confirm")
    assert (early.status_code, early.json()["detail"]) == (409, "the catalog has not reserved the stock")
    await shop.stock("life")
    confirmed = (await shop.post("/orders/life/confirm")).json()
    assert (confirmed["lines"][0]["place_status"], confirmed["ship_by"] is not None) == ("OK", True)
    two = PARCEL | {"shipment_id": "shp_1", "lines": [{"line_id": "1", "quantity": 2}]}
    assert (await shop.post("/orders/life/shipments", two)).json()["lines"][0]["shipped"] == 2
    corrected = await shop.post("/orders/life/shipments/shp_1/tracking", PARCEL | {"tracking_no": "T-2"})
    assert corrected.json()["shipments"][0]["tracking_no"] == "T-2"
    claim = {"claim_id": "clm_1", "type": "CANCEL", "reason": "DELAYED_DELIVERY"}
    asked = await shop.post("/orders/life/claims", claim, "buyer:cus_1")
    assert (asked.json()["lines"][0]["cancel_open"], asked.json()["allowed_actions"]) == (
        1,
        ["withdraw_cancel", "request_return", "request_exchange"],
    )
    approved = (await shop.post("/orders/life/claims/clm_1/decision", {"decision": "APPROVED"})).json()
    [refund] = approved["refunds"]
    assert (refund["amount"], refund["status"]) == (won(3_333), "REQUESTED")
    result = f"/orders/life/refunds/{refund['refund_id']}/result"
    assert (await shop.post(result, {"error_code": "CLOSED"})).json()["refunds"][0]["status"] == "FAILED"
    retried = await shop.post(f"/orders/life/refunds/{refund['refund_id']}/retry")
    assert (retried.json()["refunds"][0]["status"], retried.json()["refunds"][0]["attempts"]) == ("REQUESTED", 2)
    assert (await shop.post(result)).json()["refunds"][0]["status"] == "SETTLED"
    goodwill = {"reason": "APOLOGY", "lines": [{"line_id": "1", "goods_amount": won(500)}], "shipping_amount": won(0)}
    assert (await shop.post("/orders/life/refunds", goodwill)).json()["refunds"][1]["kind"] == "GOODWILL"
    arrived = (await shop.post("/orders/life/shipments/shp_1/delivered")).json()
    assert (arrived["status"], arrived["decide_at"] is not None) == ("DELIVERED", True)
    assert await shop.order("life") == arrived


async def test_a_return_from_request_to_refund(shop: Shop) -> None:
    await a_paid_order(shop, "back")
    await shop.stock("back")
    await shop.post("/orders/back/shipments", PARCEL | {"shipment_id": "shp_1"})
    await shop.post("/orders/back/shipments/shp_1/delivered")
    two = {"claim_id": "clm", "type": "RETURN", "reason": "BROKEN", "lines": [{"line_id": "1", "quantity": 2}]}
    asked = (await shop.post("/orders/back/claims", two, "buyer:cus_1")).json()
    assert (asked["lines"][0]["claim_status"], asked["allowed_actions"]) == (
        "RETURN_REQUEST",
        ["request_return", "request_exchange", "withdraw_return"],
    )
    early = await shop.post("/orders/back/claims/clm/decision", {"decision": "APPROVED"})
    assert (early.status_code, early.json()["errors"][0]["field"]) == (409, "waive_pickup")
    await shop.post("/orders/back/claims/clm/pickup", {"carrier": "CJGLS", "tracking_no": "R-1"})
    count = {"lines": [{"line_id": "1", "good": 1, "damaged": 1}]}
    collected = (await shop.post("/orders/back/claims/clm/collected", count)).json()
    assert collected["lines"][0]["claim_status"] == "COLLECT_DONE"
    held = await shop.post("/orders/back/claims/clm/hold", {"reason": "RETURN_FEE", "charge": won(3_000)})
    assert "release_claim" in held.json()["allowed_actions"]
    await shop.post("/orders/back/claims/clm/release")
    done = (await shop.post("/orders/back/claims/clm/decision", {"decision": "APPROVED"})).json()
    line = done["lines"][0]
    assert (line["returned"], line["restocked"], done["refunds"][0]["amount"]) == (2, 1, won(6_667 - 3_000))


async def test_refused_moves_say_what_is_allowed_and_change_nothing(shop: Shop) -> None:
    await a_paid_order(shop, "refused")
    await shop.stock("refused")
    await shop.post("/orders/refused/shipments", PARCEL)
    before = await shop.http.get("/orders/refused")
    late = await shop.post("/orders/refused/claims", {"type": "CANCEL", "reason": "INTENT_CHANGED"})
    assert late.status_code == 409
    assert late.headers["content-type"] == "application/problem+json"
    assert late.json()["detail"] == "nothing is left to cancel"
    assert late.json()["allowed"] == [
        "correct_tracking",
        "deliver",
        "request_return",
        "request_exchange",
        "refund",
    ]
    after = await shop.http.get("/orders/refused")
    assert (after.json(), after.headers["ETag"]) == (before.json(), before.headers["ETag"])


async def test_an_order_without_stock_is_cancelled_and_refunded(shop: Shop) -> None:
    await a_paid_order(shop, "soldout")
    await shop.stock("soldout", ShortageCode.SOLD_OUT)
    order = await shop.order("soldout")
    assert (order["status"], order["stock_detail"]) == ("CANCELED", "SOLD_OUT")
    assert order["refunds"][0]["amount"] == won(13_000)


async def test_an_id_is_made_when_none_is_brought_and_a_repeat_with_its_key_gets_the_same(shop: Shop) -> None:
    key = {"Idempotency-Key": "k1"}
    first, again = [await shop.http.post("/orders", json=ORDER, headers=key) for _ in range(2)]
    assert first.json()["order_id"].startswith("ord_")
    assert again.json() == first.json()
    other = await shop.http.post("/orders", json=ORDER | {"channel": "kakao"}, headers=key)
    assert other.status_code == 400
    assert (await shop.place()).json()["order_id"] != first.json()["order_id"]


async def test_what_is_off_the_whole_order_is_shared_and_a_wrong_total_is_named(shop: Shop) -> None:
    coupon = {"discounts": [{"code": "WELCOME", "amount": won(1_000)}]}
    order = (await shop.place(order_id="coupon", **coupon, total=won(12_000))).json()
    assert (order["total"], order["lines"][0]["order_discount_amount"]) == (won(12_000), won(1_000))
    wrong = await shop.place(order_id="adrift", **coupon, total=won(13_000))
    too_much = await shop.place(order_id="adrift", discounts=[{"code": "WELCOME", "amount": won(10_001)}])
    for answer, field in ((wrong, "total"), (too_much, "discounts")):
        assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, [field])
    assert (await shop.http.get("/orders/adrift")).status_code == 404


async def test_the_same_order_twice_is_one_and_another_under_its_id_is_refused(shop: Shop) -> None:
    assert (await shop.place(order_id="same")).json() == (await shop.place(order_id="same")).json()
    other = await shop.place(order_id="same", channel="kakao")
    assert (other.status_code, other.json()["errors"][0]["field"]) == (409, "order_id")


async def test_of_two_orders_at_once_with_one_number_one_is_placed(shop: Shop) -> None:
    answers = await asyncio.gather(*(shop.place(order_id=f"num{n}", client_order_number="N-1") for n in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert {a.json()["errors"][0]["field"] for a in answers if a.status_code == 409} == {"client_order_number"}


async def test_the_recipient_is_shown_to_the_shop_alone(shop: Shop) -> None:
    await shop.place(order_id="private")
    for actor, name in (("seller:local", "Hong Gildong"), ("agent:7", "Hong Gildong"), ("buyer:cus_1", None)):
        order = (await shop.http.get("/orders/private", headers={"X-Actor": actor})).json()
        assert (order["recipient"] and order["recipient"]["name"]) == name


async def test_a_recipient_is_replaced_until_a_parcel_leaves(shop: Shop) -> None:
    await a_paid_order(shop, "moved")
    there = {"name": "Lee Mongryong", "phone": "010-0000-0000", "address": "Namwon 1", "memo": "at the gate"}
    path, buyer = "/orders/moved/recipient", {"X-Actor": "buyer:cus_1"}
    assert (await shop.http.put(path, json=there, headers=buyer)).json()["recipient"] is None
    assert (await shop.order("moved"))["recipient"] == there
    wrong = await shop.http.put(path, json={"name": ""})
    assert {error["field"] for error in wrong.json()["errors"]} == {"name", "address"}
    await shop.stock("moved")
    await shop.post("/orders/moved/shipments", PARCEL)
    assert (await shop.http.put(path, json=there | {"memo": None})).status_code == 409


async def test_an_unchanged_order_is_not_sent_again(shop: Shop) -> None:
    await shop.place(order_id="tagged")
    tag = (await shop.http.get("/orders/tagged")).headers["ETag"]
    assert (await shop.http.get("/orders/tagged", headers={"If-None-Match": tag})).status_code == 304
    await shop.post("/orders/tagged/payments", {"amount": won(13_000)})
    assert (await shop.http.get("/orders/tagged", headers={"If-None-Match": tag})).status_code == 200


async def test_orders_are_found_by_their_claims_and_counted_by_status(shop: Shop) -> None:
    async def counts() -> dict[str, int]:
        return dict((await shop.http.get("/orders/counts")).json())

    async def found(**params: str) -> list[str]:
        page = (await shop.http.get("/orders", params={"customer_id": "cus_claims"} | params)).json()
        return [item["order_id"] for item in page["items"]]

    before = await counts()
    for id in ("c1", "c2"):
        await a_paid_order(shop, id, customer_id="cus_claims")
    assert (await counts())["PAYED"] == before["PAYED"] + 2
    await shop.post("/orders/c1/claims", {"claim_id": "c1_cancel", "type": "CANCEL", "reason": "WRONG_ORDER"})
    assert await found(claim_type="CANCEL") == ["c1"]
    assert await found(claim_status="CANCEL_REQUEST", claim_type="CANCEL") == ["c1"]
    for none in ({"claim_status": "CANCEL_DONE"}, {"claim_status": "CANCELING"}, {"claim_type": "RETURN"}):
        assert await found(**none) == []
    await shop.post("/orders/c2/claims", {"type": "CANCEL", "reason": "WRONG_ORDER", "decided": True})
    assert await found(claim_status="CANCELING") == ["c2"]
    await shop.stock("c1")
    await shop.post("/orders/c1/claims/c1_cancel/decision", {"decision": "REJECTED"})
    await shop.post("/orders/c1/shipments", PARCEL | {"lines": [{"line_id": "1", "quantity": 1}]})
    for more in ({"type": "RETURN", "reason": "BROKEN"}, {"type": "CANCEL", "reason": "WRONG_ORDER", "decided": True}):
        await shop.post("/orders/c1/claims", more)
    assert await found(claim_status="CANCELING") == ["c2", "c1"]
    assert await found(claim_status="CANCELING", claim_type="CANCEL") == ["c2", "c1"]
    assert await found(claim_status="CANCELING", claim_type="RETURN") == []
    assert await found(overdue="true") == []


async def test_lists_filter_and_page(shop: Shop) -> None:
    customer = {"customer_id": "cus_lists"}
    for n in range(5):
        await shop.place(order_id=f"list{n}", lines=[MUGS | {"product_id": f"prd_l{n}"}], **customer)
    await shop.post("/orders/list3/payments", {"amount": won(13_000)})

    async def listed(**params: Any) -> list[str]:
        found: list[str] = []
        while True:
            page = (await shop.http.get("/orders", params=customer | params)).json()
            found += [item["order_id"] for item in page["items"]]
            if page["next_cursor"] is None:
                return found
            params["cursor"] = page["next_cursor"]

    newest_first = [f"list{n}" for n in (4, 3, 2, 1, 0)]
    assert await listed(limit=2) == newest_first
    assert await listed(status="PAYED") == ["list3"]
    assert await listed(status="PAYMENT_WAITING", product_id="prd_l1") == ["list1"]
    assert await listed(stock="RESERVED") == []
    placed_at = (await shop.order("list2"))["placed_at"]
    assert await listed(**{"from": placed_at}) == newest_first[:3]
    assert await listed(to=placed_at) == newest_first[3:]


async def test_the_api_is_described(shop: Shop) -> None:
    paths = (await shop.http.get("/openapi.json")).json()["paths"]
    assert {"/orders", "/orders/{id}", "/orders/{id}/claims/{claim_id}/decision"} <= set(paths)
