"""The catalog as its callers see it: a process of its own on real Kafka and MongoDB."""

import unicodedata
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.support.processes import Process
from tests.support.stack import Stack
from tests.support.store import Store

pytestmark = pytest.mark.stack
TEE = {"product_id": "tee", "name": "T-shirt", "list_price": {"amount": 1000, "currency": "KRW"}}

SALE = {
    "price": {"amount": 900, "currency": "KRW"},
    "from": "2026-11-01T00:00:00Z",
    "until": "2099-12-01T00:00:00Z",
}


@pytest_asyncio.fixture(scope="module")
async def catalog(stack: Stack) -> AsyncIterator[Process]:
    async with Store(stack).opened() as store:
        yield await store.start("catalog")


@pytest_asyncio.fixture(scope="module")
async def words(stack: Stack) -> AsyncIterator[Process]:
    """A catalog of its own, with what is to be found by its words."""
    async with Store(stack).opened() as store:
        process = await store.start("catalog")
        for product_id, values in SHELF.items():
            await registered(process, product_id, **values)
        yield process


async def registered(catalog: Process, product_id: str, **values: Any) -> dict[str, Any]:
    response = await catalog.http.post("/products", json={**TEE, "product_id": product_id, **values})
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.json()
    return body


async def test_a_product_is_registered_once(catalog: Process) -> None:
    first = await registered(catalog, "once", options=[{"option_id": "s", "stock": 3}])
    assert first["status"] == "ON_SALE"
    assert first["options"][0]["available"] == 3
    assert await registered(catalog, "once", options=[{"option_id": "s", "stock": 3}]) == first
    refused = await catalog.http.post("/products", json={**TEE, "product_id": "once", "name": "Other"})
    assert refused.status_code == 409
    assert refused.json()["allowed"] == ["edit", "remove"]


async def test_an_id_is_made_when_none_is_brought_and_a_repeat_with_its_key_gets_the_same(catalog: Process) -> None:
    body = {key: value for key, value in TEE.items() if key != "product_id"}
    key = {"Idempotency-Key": "n1"}
    first = await catalog.http.post("/products", json=body, headers=key)
    again = await catalog.http.post("/products", json=body, headers=key)
    assert first.json()["product_id"].startswith("prd_")
    assert again.json() == first.json()
    other = await catalog.http.post("/products", json={**body, "name": "Other"}, headers=key)
    assert other.status_code == 400


async def test_an_edit_needs_the_revision_that_was_read(catalog: Process) -> None:
    await registered(catalog, "edited")
    tag = (await catalog.http.get("/products/edited")).headers["ETag"]
    assert (await catalog.http.patch("/products/edited", json={"name": "A"})).status_code == 428
    edited = await catalog.http.patch("/products/edited", json={"name": "A"}, headers={"If-Match": tag})
    assert (edited.status_code, edited.json()["name"]) == (200, "A")
    stale = await catalog.http.patch("/products/edited", json={"name": "B"}, headers={"If-Match": tag})
    assert stale.status_code == 412
    fresh = await catalog.http.patch(
        "/products/edited", json={"name": "B"}, headers={"If-Match": edited.headers["ETag"]}
    )
    assert fresh.json()["name"] == "B"
    unchanged = await catalog.http.get("/products/edited")
    again = await catalog.http.get("/products/edited", headers={"If-None-Match": unchanged.headers["ETag"]})
    assert again.status_code == 304


async def test_a_removed_product_is_shown_but_not_listed(catalog: Process) -> None:
    await registered(catalog, "removed", name="Gone for good")
    tag = (await catalog.http.get("/products/removed")).headers["ETag"]
    assert (await catalog.http.delete("/products/removed")).status_code == 428
    removed = await catalog.http.delete("/products/removed", headers={"If-Match": tag})
    assert removed.json()["status"] == "REMOVED"
    assert (await catalog.http.get("/products/removed")).json()["status"] == "REMOVED"
    assert (await catalog.http.get("/products", params={"text": "gone for"})).json()["items"] == []
    listed = await catalog.http.get("/products", params={"text": "gone for", "status": "REMOVED"})
    assert [item["product_id"] for item in listed.json()["items"]] == ["removed"]
    refused = await catalog.http.patch("/products/removed", json={"name": "Back"}, headers={"If-Match": "*"})
    assert (refused.status_code, refused.json()["allowed"]) == (409, [])


async def test_lists_filter_and_page(catalog: Process) -> None:
    for n in range(5):
        await registered(
            catalog, f"page{n}", name=f"Paged (no. {n})", category=["Paper", "Pages"], options=[{"stock": n}]
        )
    seen: list[str] = []
    params = {"category": "Pages", "text": "PAGED (NO", "limit": "2"}
    while True:
        page = (await catalog.http.get("/products", params=params)).json()
        seen += [item["product_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert seen == ["page4", "page3", "page2", "page1", "page0"]
    sold_out = (await catalog.http.get("/products", params={"category": "Pages", "status": "SOLD_OUT"})).json()["items"]
    assert [item["product_id"] for item in sold_out] == ["page0"]


async def test_the_ledger_and_the_history_of_a_product(catalog: Process) -> None:
    await registered(catalog, "told", description="soft", options=[{"option_id": "s", "stock": 3}])
    headers = {"If-Match": "*", "X-Actor": "seller:7f3a"}
    await catalog.http.patch("/products/told", json={"description": "softer"}, headers=headers)
    [brought] = (await catalog.http.get("/products/told/movements")).json()["items"]
    assert (brought["option_id"], brought["kind"], brought["on_hand"], brought["reserved"]) == ("s", "BROUGHT", 3, 0)
    updated, was_registered = (await catalog.http.get("/products/told/history")).json()["items"]
    assert (was_registered["change"], was_registered["by"]) == ("REGISTERED", "seller:local")
    assert (updated["by"], updated["before"], updated["after"]) == (
        "seller:7f3a",
        {"description_version": 1},
        {"description_version": 2},
    )
    texts = (await catalog.http.get("/products/told/descriptions")).json()["items"]
    assert [(row["version"], row["description"], row["by"]) for row in texts] == [
        (2, "softer", "seller:7f3a"),
        (1, "soft", "seller:local"),
    ]


SHELF: dict[str, dict[str, Any]] = {
    "knit": {"name": "메리노 울 크루넥 니트", "category": ["의류", "니트"], "options": [{"sku": "KN-1042-NV-M"}]},
    "knit-l": {"name": "울니트를 입은 곰", "category": ["인형"]},
    "cup": {"name": "유리컵 Glass", "options": [{"name": "머그 ＸＬ"}]},
    "decomposed": {"name": unicodedata.normalize("NFD", "한글 컵")},
    "glossy": {"name": "class-glossy"},
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("니트", {"knit", "knit-l"}),
        ("크루넥 니트", {"knit"}),
        ("니트 메리노", {"knit"}),
        ("울니트", {"knit-l"}),
        ("컵", {"cup", "decomposed"}),
        ("한글", {"decomposed"}),
        ("glass", {"cup"}),
        ("gLASS 컵", {"cup"}),
        ("GLOSSY", {"glossy"}),
        ("class-glass", set()),
        ("1042-nv", {"knit"}),
        ("머그 XL", {"cup"}),
        ("의류", set()),
        ("  ", SHELF.keys()),
        ("컵 ^(", set()),
    ],
)
async def test_products_are_found_by_words_in_korean_and_english(words: Process, text: str, found: set[str]) -> None:
    listed = await words.http.get("/products", params={"text": text})
    assert {item["product_id"] for item in listed.json()["items"]} == found


async def test_products_short_of_their_safety_level_are_listed(catalog: Process) -> None:
    for name, stock in (("short", 4), ("enough", 5)):
        options = [{"option_id": "s", "stock": 9}, {"option_id": "m", "stock": stock, "safety_level": 5}]
        await registered(catalog, name, category=["Safety"], options=options)

    async def listed(below: str) -> list[str]:
        page = (await catalog.http.get("/products", params={"category": "Safety", "below_safety": below})).json()
        return [item["product_id"] for item in page["items"]]

    assert (await listed("true"), await listed("false")) == (["short"], ["enough"])
    await catalog.http.post("/products/short/counts", json={"option_id": "m", "on_hand": 5})
    assert await listed("true") == []


async def test_a_count_over_http_sets_on_hand_and_an_older_one_is_refused(catalog: Process) -> None:
    await registered(catalog, "counted", options=[{"stock": 3}])
    noon = {"on_hand": 5, "counted_at": "2026-11-16T12:00:00+09:00"}
    assert (await catalog.http.post("/products/counted/counts", json=noon)).json()["options"][0]["on_hand"] == 5
    older = await catalog.http.post("/products/counted/counts", json={**noon, "counted_at": "2026-11-16T02:59:59Z"})
    assert (older.status_code, older.json()["errors"][0]["field"]) == (409, "counted_at")
    now = await catalog.http.post("/products/counted/counts", json={"on_hand": 4})
    assert now.json()["options"][0]["available"] == 4
    kinds = [row["kind"] for row in (await catalog.http.get("/products/counted/movements")).json()["items"]]
    assert kinds == ["COUNTED", "COUNTED", "BROUGHT"]
    nowhere = await catalog.http.post("/products/nothing/counts", json={"on_hand": 4})
    assert nowhere.status_code == 404
    wrong = await catalog.http.post("/products/counted/counts", json={"on_hand": -1, "counted_at": "yesterday"})
    assert {error["field"] for error in wrong.json()["errors"]} == {"on_hand", "counted_at"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"name": "", "list_price": {"amount": -1, "currency": "KRW"}}, {"name", "list_price"}),
        ({"list_price": {"amount": 1.5, "currency": "won"}}, {"list_price.amount", "list_price.currency"}),
        ({"list_price": {"amount": 1, "currency": "USD"}}, {"list_price"}),
        ({"product_id": "no such/id", "status": "SOLD_OUT"}, {"product_id", "status"}),
        (
            {"options": [{"option_id": "s", "stock": -1}, {"option_id": ""}, {"option_id": "m"}]},
            {"options.0.stock", "options.1.option_id"},
        ),
        ({"options": [{"option_id": "s"}, {"option_id": "s"}]}, {"options"}),
        ({"sale_price": {**SALE, "price": {"amount": 1001, "currency": "KRW"}}}, {"sale_price"}),
        ({"sale_price": {**SALE, "until": "2026-11-01T00:00:00Z"}}, {"sale_price"}),
        (
            {"sale_price": {**SALE, "from": "2020-11-01T00:00:00Z", "until": "2020-12-01T00:00:00Z"}},
            {"sale_price.until"},
        ),
    ],
)
async def test_every_wrong_field_is_named(catalog: Process, body: dict[str, Any], fields: set[str]) -> None:
    response = await catalog.http.post("/products", json={**TEE, "product_id": "wrong", **body})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert {error["field"] for error in response.json()["errors"]} == fields


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/products/nothing", 404),
        ("/products/nothing/movements", 404),
        ("/products/nothing/history", 404),
        ("/reservations/nothing", 404),
        ("/products?limit=0", 422),
        ("/products?limit=201", 422),
        ("/products?cursor=nonsense", 422),
        ("/products?status=SOLD", 422),
        ("/products?text=%00", 422),
        ("/products?text=(%5B", 200),
    ],
)
async def test_reads_of_what_is_not_there_or_makes_no_sense(catalog: Process, path: str, status: int) -> None:
    assert (await catalog.http.get(path)).status_code == status


async def test_an_edit_of_what_is_not_there_is_not_found(catalog: Process) -> None:
    for method, body in (("PATCH", {"name": "A"}), ("DELETE", None)):
        response = await catalog.http.request(method, "/products/nothing", json=body, headers={"If-Match": "*"})
        assert response.status_code == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"null", b"\xff", b'{"name": NaN}'])
async def test_a_body_that_is_no_product_is_refused_not_a_failure(catalog: Process, body: bytes) -> None:
    headers = {"content-type": "application/json", "If-Match": "*"}
    expected = 400 if body == b"\xff" else 422
    assert (await catalog.http.post("/products", content=body, headers=headers)).status_code == expected
    assert (await catalog.http.patch("/products/tee", content=body, headers=headers)).status_code == expected
