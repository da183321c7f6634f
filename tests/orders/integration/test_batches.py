"""Many orders in one request over HTTP: each is answered for itself."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.orders.integration.conftest import PARCEL, Shop, a_paid_order

pytestmark = pytest.mark.stack


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
    later = {"ship_by": (datetime.now(UTC) + timedelta(days=30)).isoformat(), "reason": "PRODUCT_PREPARE"}
    delayed = (await shop.post("/orders/delay", later | {"order_ids": ["s3", "s1", "nobody"]})).json()["items"]
    assert [item["status"] for item in delayed] == [200, 409, 404]
    assert (await shop.post("/orders/ship", {"parcels": [PARCEL] * 1001})).status_code == 422


async def test_a_parcel_of_a_batch_that_names_half_a_character_holds_up_no_other(shop: Shop) -> None:
    await a_paid_order(shop, "beside")
    await shop.stock("beside")
    content = json.dumps({"parcels": [PARCEL | {"order_id": "beside"}, PARCEL | {"order_id": "\ud800"}]})
    answer = await shop.http.post("/orders/ship", content=content, headers={"content-type": "application/json"})
    assert [(item["order_id"], item["status"]) for item in answer.json()["items"]] == [("beside", 200), ("?", 422)]


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
