"""What agents and customers do over HTTP, and what they are told when it is wrong."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.inquiries.integration.conftest import Desk

pytestmark = pytest.mark.stack


def wrong_fields(body: dict[str, Any]) -> set[str]:
    return {error["field"] for error in body["errors"]}


async def test_an_inquiry_is_answered_with_its_state_and_what_may_be_done(desk: Desk) -> None:
    response = await desk.open("inq_new", order_id=None)
    assert response.status_code == 201
    body = response.json()
    assert (body["status"], body["missing_fields"]) == ("NEW", ["order_id"])
    assert "the order number" in body["draft"]["text"]
    assert body["allowed_actions"] == ["reply", "note", "amend", "assign", "resolve"]


async def test_an_inquiry_without_an_id_gets_one_and_a_repeat_of_the_request_the_same(desk: Desk) -> None:
    body, key = {"channel": "phone", "text": "Hello"}, {"Idempotency-Key": "call-17"}
    first = await desk.http.post("/inquiries", json=body, headers=key)
    again = await desk.http.post("/inquiries", json=body, headers=key)
    assert first.json()["inquiry_id"].startswith("inq_")
    assert again.json() == first.json()
    other = await desk.http.post("/inquiries", json={**body, "text": "Other"}, headers=key)
    assert other.status_code == 400


async def test_a_ticket_from_question_to_answer(desk: Desk) -> None:
    await desk.open("inq_life")
    agent = {"X-Actor": "agent:lee"}
    assigned = await desk.http.post("/inquiries/inq_life/assign", json={"assignee": "agent:lee"}, headers=agent)
    assert assigned.json()["status"] == "OPEN"
    noted = {"text": "Called the carrier", "public": False}
    await desk.http.post("/inquiries/inq_life/messages", json=noted, headers=agent)
    replied = await desk.http.post("/inquiries/inq_life/messages", json={"text": "Tomorrow!"}, headers=agent)
    assert replied.json()["status"] == "PENDING_CUSTOMER"
    thanks = await desk.http.post(
        "/inquiries/inq_life/messages", json={"text": "Thank you"}, headers={"X-Actor": "buyer:cus_1"}
    )
    assert thanks.json()["status"] == "OPEN"
    assert (await desk.http.post("/inquiries/inq_life/resolve")).json()["status"] == "RESOLVED"
    read = await desk.ticket("inq_life")
    said = [(message["author"], message["public"], message["text"]) for message in read["messages"]]
    assert said == [
        ("customer", True, "Where is my parcel?"),
        ("agent", False, "Called the carrier"),
        ("agent", True, "Tomorrow!"),
        ("customer", True, "Thank you"),
    ]
    assert read["first_response_at"] == read["messages"][2]["at"]
    reopened = await desk.http.post("/inquiries/inq_life/reopen")
    assert (reopened.json()["status"], reopened.json()["reopen_count"]) == ("OPEN", 1)


async def test_a_refused_move_says_why_and_what_is_allowed(desk: Desk) -> None:
    await desk.open("inq_done", order_id="ord_1")
    await desk.http.post("/inquiries/inq_done/resolve")
    refused = await desk.http.post("/inquiries/inq_done/wait", json={"for": "shipped"})
    assert (refused.status_code, refused.headers["Content-Type"]) == (409, "application/problem+json")
    assert refused.json()["detail"] == "wait is not possible: the inquiry is RESOLVED"
    assert refused.json()["allowed"] == ["reply", "note", "amend", "reopen"]


async def test_an_edit_needs_the_revision_it_was_made_from(desk: Desk) -> None:
    await desk.open("inq_edit", order_id=None)
    known = (await desk.read("inq_edit")).headers["ETag"]
    without = await desk.http.patch("/inquiries/inq_edit", json={"order_id": "ord_1"})
    assert without.status_code == 428
    edited = await desk.http.patch("/inquiries/inq_edit", json={"order_id": "ord_1"}, headers={"If-Match": known})
    assert (edited.status_code, edited.json()["missing_fields"]) == (200, [])
    stale = await desk.http.patch("/inquiries/inq_edit", json={"order_id": None}, headers={"If-Match": known})
    assert stale.status_code == 412


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"channel": "pigeon", "text": "", "order_id": "a b"}, {"channel", "text", "order_id"}),
        ({"category": "order.nonsense"}, {"category"}),
        ({"text": None}, {"text"}),
        ({"text": "x" * 10_001, "title": "y" * 201}, {"text", "title"}),
        ({"inquiry_id": "/"}, {"inquiry_id"}),
        ({"line_ids": ["ok", ""]}, {"line_ids.1"}),
    ],
)
async def test_every_wrong_field_is_named(desk: Desk, change: dict[str, Any], fields: set[str]) -> None:
    response = await desk.open("inq_wrong", **change)
    assert response.status_code == 422
    assert wrong_fields(response.json()) == fields


async def test_wrong_requests_about_a_ticket(desk: Desk) -> None:
    await desk.open("inq_asked", order_id=None)
    path = "/inquiries/inq_asked"
    nothing = await desk.http.post(f"{path}/wait", json={"for": "shipped"})
    assert (nothing.status_code, wrong_fields(nothing.json())) == (422, {"order_id"})
    moon = await desk.http.post(f"{path}/wait", json={"for": "full moon"})
    assert (moon.status_code, wrong_fields(moon.json())) == (422, {"for"})
    typo = await desk.http.patch(path, json={"titel": "Oh"}, headers={"If-Match": "*"})
    assert (typo.status_code, wrong_fields(typo.json())) == (422, {"titel"})
    impatient = await desk.read("inq_asked", params={"wait": 31})
    assert (impatient.status_code, wrong_fields(impatient.json())) == (422, {"wait"})
    posing = await desk.http.post(
        f"{path}/messages", json={"text": "Hi", "author": "agent"}, headers={"X-Actor": "buyer:b"}
    )
    assert (posing.status_code, wrong_fields(posing.json())) == (422, {"author"})
    broken = await desk.http.post(f"{path}/messages", content=b"{", headers={"Content-Type": "application/json"})
    assert broken.status_code == 422


@pytest.mark.parametrize("action", ["resolve", "reopen"])
async def test_an_unknown_inquiry_is_not_found(desk: Desk, action: str) -> None:
    assert (await desk.http.post(f"/inquiries/inq_nobody/{action}")).status_code == 404
    assert (await desk.read("inq_nobody", params={"wait": 5})).status_code == 404
    assert (await desk.http.get("/inquiries/inq_nobody/messages")).status_code == 404


async def listed(desk: Desk, **filters: Any) -> list[str]:
    response = await desk.http.get("/inquiries", params=filters)
    assert response.status_code == 200, response.text
    return [item["inquiry_id"] for item in response.json()["items"]]


async def test_the_list_is_filtered_and_newest_first(desk: Desk) -> None:
    before = datetime.now(UTC).isoformat()
    await desk.open("inq_l1", customer_id="cus_list", order_id="ord_list")
    await desk.open("inq_l2", customer_id="cus_list", category="product.stock", product_id="prd_list")
    between = datetime.now(UTC).isoformat()
    await desk.open("inq_l3", customer_id="cus_list", channel="kakao")
    await desk.http.post("/inquiries/inq_l3/assign", json={"assignee": "agent:list"})
    mine = {"customer_id": "cus_list"}
    assert await listed(desk, **mine) == ["inq_l3", "inq_l2", "inq_l1"]
    assert await listed(desk, status=["OPEN"], **mine) == ["inq_l3"]
    assert await listed(desk, status=["OPEN", "NEW"], **mine) == ["inq_l3", "inq_l2", "inq_l1"]
    assert await listed(desk, category="product.stock", **mine) == ["inq_l2"]
    assert await listed(desk, assignee="agent:list") == ["inq_l3"]
    assert await listed(desk, order_id="ord_list") == ["inq_l1"]
    assert await listed(desk, product_id="prd_list") == ["inq_l2"]
    assert await listed(desk, channel="kakao", **mine) == ["inq_l3"]
    assert await listed(desk, created_from=between, **mine) == ["inq_l3"]
    assert await listed(desk, created_from=before, created_to=between, **mine) == ["inq_l2", "inq_l1"]


async def test_pages_add_up_to_the_list(desk: Desk) -> None:
    ids = [f"inq_page_{n}" for n in range(7)]
    await asyncio.gather(*(desk.open(id, customer_id="cus_pages") for id in ids))
    found, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        params: dict[str, Any] = {"customer_id": "cus_pages", "limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await desk.http.get("/inquiries", params=params)).json()
        found += [item["inquiry_id"] for item in page["items"]]
        cursor, pages = page["next_cursor"], pages + 1
    assert (pages, len(found), set(found)) == (3, 7, set(ids))


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"status": "MAYBE"}, "status.0"),
        ({"limit": 0}, "limit"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"created_from": "yesterday"}, "created_from"),
        ({"created_from": "2026-01-01T00:00:00"}, "created_from"),
        ({"created_to": "9999-12-31T23:59:59-09:00"}, "created_to"),
        ({"order_id": "a b"}, "order_id"),
    ],
)
async def test_a_wrong_filter_is_named(desk: Desk, params: dict[str, Any], field: str) -> None:
    response = await desk.http.get("/inquiries", params=params)
    assert (response.status_code, wrong_fields(response.json())) == (422, {field})


async def test_a_long_talk_is_read_page_by_page(desk: Desk) -> None:
    await desk.open("inq_talk")
    for n in range(2, 8):
        await desk.http.post("/inquiries/inq_talk/messages", json={"text": f"message {n}"})
    page = (await desk.http.get("/inquiries/inq_talk/messages", params={"limit": 4})).json()
    rest = (
        await desk.http.get("/inquiries/inq_talk/messages", params={"limit": 4, "cursor": page["next_cursor"]})
    ).json()
    assert [item["number"] for item in (*page["items"], *rest["items"])] == [7, 6, 5, 4, 3, 2, 1]
    assert rest["next_cursor"] is None


async def test_the_tree_says_what_each_sub_type_needs(desk: Desk) -> None:
    tree = (await desk.http.get("/categories")).json()["items"]
    assert [group["group"] for group in tree] == ["order", "product", "payment", "etc"]
    [cancel, *_] = tree[0]["subs"]
    assert (cancel["category"], cancel["label"]["ko"]) == ("order.cancel", "주문 취소")
    assert cancel["required"] == ["name", "contact", "order_id"]
    assert sum(len(group["subs"]) for group in tree) == 9
