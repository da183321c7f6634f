"""Orders as people see them: over HTTP, on real Kafka and MongoDB."""

import asyncio
import json
from typing import Any

import pytest

from shared.contracts.catalog import ShortageCode
from tests.orders.integration.conftest import MUGS, ORDER, Shop, won

pytestmark = pytest.mark.stack
PARCEL = {"carrier": "CJGLS", "tracking_no": "T-1"}


async def a_paid_order(shop: Shop, id: str, **fields: Any) -> None:
    await shop.place(order_id=id, **fields)
    paid = await shop.post(f"/orders/{id}/payments", {"amount": won(13_000), "method": "transfer"})
    assert paid.json()["status"] == "PAYED"


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


async def test_a_batch_is_confirmed_order_by_order(shop: Shop) -> None:
    for id in ("b1", "b2", "b3"):
        await a_paid_order(shop, id)
    await asyncio.gather(shop.stock("b1"), shop.stock("b3"))
    body, key = {"order_ids": ["b1", "b2", "nobody", "b3", "no/id", "b1"]}, {"Idempotency-Key": "batch"}
    first, again = [await shop.http.post("/orders/confirm", json=body, headers=key) for _ in range(2)]
    items = first.json()["items"]
    assert [(item["order_id"], item["status"]) for item in items] == [
        ("b1", 200),
        ("b2", 409),
        ("nobody", 404),
        ("b3", 200),
        ("no/id", 404),
    ]
    assert items[0]["order"]["ship_by"] is not None
    assert items[1]["problem"]["detail"] == "the catalog has not reserved the stock"
    assert again.json() == first.json()
    await shop.stock("b2")
    granted_since = await shop.http.post("/orders/confirm", json=body, headers=key)
    assert [item["status"] for item in granted_since.json()["items"]] == [200, 200, 404, 200, 404]
    different = await shop.http.post("/orders/confirm", json={"order_ids": ["b1"]}, headers=key)
    assert different.status_code == 400
    too_many = await shop.post("/orders/confirm", {"order_ids": [str(n) for n in range(1001)]})
    assert (too_many.status_code, too_many.json()["errors"][0]["field"]) == (422, "order_ids")


async def test_a_batch_is_shipped_and_delayed_order_by_order(shop: Shop) -> None:
    for id in ("s1", "s2", "s3"):
        await a_paid_order(shop, id)
    await asyncio.gather(shop.stock("s1"), shop.stock("s2"))
    parcels = [
        PARCEL | {"order_id": "s1", "shipment_id": "shp_1"},
        {"order_id": "s2", "carrier": "CJGLS"},
        PARCEL | {"order_id": "s3"},
        PARCEL | {"order_id": "s2"},
        PARCEL | {"order_id": "no/id"},
    ]
    key = {"Idempotency-Key": "parcels"}
    first, again = [await shop.http.post("/orders/ship", json={"parcels": parcels}, headers=key) for _ in range(2)]
    items = first.json()["items"]
    assert [(item["order_id"], item["status"]) for item in items] == [
        ("s1", 200),
        ("s2", 422),
        ("s3", 409),
        ("s2", 200),
        ("no/id", 422),
    ]
    assert [error["field"] for error in items[1]["problem"]["errors"]] == ["tracking_no"]
    assert [item["status"] for item in again.json()["items"]] == [item["status"] for item in items]
    assert len((await shop.order("s2"))["shipments"]) == 1
    later = {"ship_by": "2099-01-01T00:00:00Z", "reason": "PRODUCT_PREPARE"}
    delayed = (await shop.post("/orders/delay", later | {"order_ids": ["s3", "s1", "nobody"]})).json()["items"]
    assert [item["status"] for item in delayed] == [200, 409, 404]
    assert (await shop.post("/orders/ship", {"parcels": [PARCEL] * 1001})).status_code == 422


async def test_a_parcel_of_a_batch_that_names_half_a_character_holds_up_no_other(shop: Shop) -> None:
    await a_paid_order(shop, "beside")
    await shop.stock("beside")
    content = json.dumps({"parcels": [PARCEL | {"order_id": "beside"}, PARCEL | {"order_id": "\ud800"}]})
    answer = await shop.http.post("/orders/ship", content=content, headers={"content-type": "application/json"})
    assert [(item["order_id"], item["status"]) for item in answer.json()["items"]] == [("beside", 200), ("?", 422)]


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
    await shop.post("/orders/c1/claims", {"type": "CANCEL", "reason": "WRONG_ORDER"})
    assert await found(claim_type="CANCEL") == ["c1"]
    assert await found(claim_status="CANCEL_REQUEST", claim_type="CANCEL") == ["c1"]
    for none in ({"claim_status": "CANCEL_DONE"}, {"claim_status": "CANCELING"}, {"claim_type": "RETURN"}):
        assert await found(**none) == []
    await shop.post("/orders/c2/claims", {"type": "CANCEL", "reason": "WRONG_ORDER", "decided": True})
    assert await found(claim_status="CANCELING") == ["c2"]
    assert await found(claim_status="CANCELING", claim_type="CANCEL") == ["c2"]
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


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"currency": "USD"}, {"lines", "shipping_fee"}),
        ({"channel": "", "lines": []}, {"channel", "lines"}),
        (
            {"lines": [MUGS | {"quantity": 0, "list_amount": won(-1)}], "shipping_fee": {"amount": 1.5}},
            {"lines.0.quantity", "lines.0.list_amount", "shipping_fee.amount", "shipping_fee.currency"},
        ),
        ({"lines": [MUGS | {"discount_amount": won(10_001)}]}, {"lines.0.discount_amount"}),
        ({"lines": [MUGS, MUGS]}, {"lines"}),
        ({"lines": [MUGS | {"line_id": str(n)} for n in range(600)]}, {"lines"}),
        ({"recipient": {"phone": "1"}, "order_id": "no such/id"}, {"recipient.name", "recipient.address", "order_id"}),
        ({"lines": [MUGS | {"line_id": n, "list_amount": won(10**15)} for n in "12"]}, {"lines"}),
    ],
)
async def test_every_wrong_field_of_an_order_is_named(shop: Shop, change: dict[str, Any], fields: set[str]) -> None:
    response = await shop.place(**change)
    assert response.status_code == 422
    assert fields <= {error["field"] for error in response.json()["errors"]}


async def test_another_currency_than_the_store_s_is_named(shop: Shop) -> None:
    dollars = {"amount": 1, "currency": "USD"}
    line = MUGS | {"list_amount": dollars, "discount_amount": dollars}
    response = await shop.place(currency="USD", lines=[line], shipping_fee=dollars)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "currency")


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("wrong/payments", {"amount": {"amount": 5, "currency": "USD"}}, 422, "amount.currency"),
        ("wrong/payments", {"amount": won(0)}, 422, "amount.amount"),
        ("wrong/payments", {}, 422, "amount"),
        ("wrong/shipments", {"carrier": "C"}, 422, "tracking_no"),
        ("wrong/shipments", PARCEL | {"lines": []}, 422, "lines"),
        ("wrong/shipments", PARCEL | {"lines": [{"line_id": "9", "quantity": 1}]}, 409, None),
        ("wrong/claims", {"type": "RETURN", "reason": "BROKEN"}, 409, None),
        ("wrong/claims", {"type": "EXCHANGE", "reason": "BROKEN"}, 422, "lines"),
        ("wrong/claims/clm_9/replacement", PARCEL, 404, "claim_id"),
        ("wrong/claims/clm_9/finish", {}, 404, "claim_id"),
        ("wrong/claims/clm_9/convert", {}, 404, "claim_id"),
        ("wrong/claims/clm_9/pickup", {}, 404, "claim_id"),
        ("wrong/claims/clm_9/collected", {"lines": [{"line_id": "1", "good": 1}]}, 404, "claim_id"),
        ("wrong/claims/clm_9/hold", {"reason": "BECAUSE"}, 422, "reason"),
        ("wrong/claims/clm_9/release", {}, 404, "claim_id"),
        ("wrong/delays", {"ship_by": "2020-01-01T00:00:00Z", "reason": "ETC"}, 409, None),
        ("wrong/claims", {"type": "CANCEL", "reason": "BROKEN"}, 422, "reason"),
        (
            "wrong/claims",
            {"type": "CANCEL", "reason": "WRONG_ORDER", "lines": [{"line_id": "9", "quantity": 1}]},
            422,
            "lines.0.line_id",
        ),
        ("wrong/refunds", {"reason": "X", "shipping_amount": won(0)}, 422, "lines"),
        ("wrong/refunds", {"reason": "X", "shipping_amount": won(1)}, 409, None),
        ("wrong/claims/clm_9/decision", {"decision": "APPROVED"}, 404, "claim_id"),
        ("wrong/claims/clm_9/decision", {"decision": "MAYBE"}, 422, "decision"),
        ("wrong/shipments/shp_9/delivered", {}, 404, "shipment_id"),
        ("wrong/refunds/rfd_9/retry", {}, 404, "refund_id"),
        ("wrong/refunds/rfd_9/result", {}, 404, "refund_id"),
        ("nobody/confirm", {}, 404, None),
        ("nobody/payments", {"amount": won(1)}, 404, None),
    ],
)
async def test_wrong_moves_are_answered(shop: Shop, path: str, body: Any, status: int, field: str | None) -> None:
    await shop.place(order_id="wrong")
    response = await shop.post(f"/orders/{path}", body)
    assert response.status_code == status, response.text
    assert [error["field"] for error in response.json().get("errors", [])] == ([field] if field else [])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/orders/nothing", 404),
        ("/orders/no%20id", 422),
        ("/orders?limit=0", 422),
        ("/orders?cursor=nonsense", 422),
        ("/orders?status=SHIPPED", 422),
        ("/orders?from=2026-01-01T00:00:00", 422),
        ("/orders?from=yesterday", 422),
    ],
)
async def test_reads_of_what_is_not_there_or_makes_no_sense(shop: Shop, path: str, status: int) -> None:
    assert (await shop.http.get(path)).status_code == status


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"null", b'{"channel": NaN}'])
async def test_a_body_that_is_no_order_is_refused_not_a_failure(shop: Shop, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    await shop.place(order_id="wrong")
    for path in ("/orders", "/orders/confirm", "/orders/wrong/shipments", "/orders/wrong/claims"):
        assert (await shop.http.post(path, content=body, headers=headers)).status_code == 422


async def test_an_actor_is_a_role_and_an_id(shop: Shop) -> None:
    for actor in ("system:/carrier", "nonsense"):
        assert (await shop.post("/orders/wrong/confirm", {}, actor)).status_code == 422


async def test_the_api_is_described(shop: Shop) -> None:
    paths = (await shop.http.get("/openapi.json")).json()["paths"]
    assert {"/orders", "/orders/{id}", "/orders/{id}/claims/{claim_id}/decision"} <= set(paths)


async def test_a_large_batch_answers_every_order_in_its_order(shop: Shop) -> None:
    await a_paid_order(shop, "among_many")
    await shop.stock("among_many")
    ids = [*(f"nobody_{number}" for number in range(120)), "among_many"]
    items = (await shop.post("/orders/confirm", {"order_ids": ids})).json()["items"]
    assert [item["order_id"] for item in items] == ids
    assert [item["status"] for item in items] == [*[404] * 120, 200]


async def test_two_parcels_of_one_batch_may_be_of_one_order(shop: Shop) -> None:
    await a_paid_order(shop, "twice")
    await shop.stock("twice")
    parcels = [PARCEL | {"order_id": "twice", "shipment_id": f"shp_{number}"} for number in range(2)]
    items = (await shop.post("/orders/ship", {"parcels": parcels})).json()["items"]
    assert [item["status"] for item in items] == [200, 409]
    assert items[1]["problem"]["detail"] == "nothing is left to ship"
