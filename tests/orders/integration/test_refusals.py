"""Wrong requests over HTTP: each names what is wrong with it."""

from typing import Any

import pytest

from tests.orders.integration.conftest import MUGS, PARCEL, Shop, won

pytestmark = pytest.mark.stack


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
        ("/orders?from=0001-01-01T00:00:00%2B09:00", 422),
        ("/orders/to-ship.csv?to=9999-12-31T23:59:59-09:00", 422),
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
