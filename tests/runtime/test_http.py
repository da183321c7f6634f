"""The HTTP kit on the toy bank's routes: what each wrong request is told, and that a repeated one acts once."""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from shared.runtime.service import build_app
from tests.faults.bank_service import build
from tests.runtime.bank import BankSettings
from tests.support.eventually import eventually
from tests.support.kafka import create_topics
from tests.support.stack import Stack

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
async def bank(stack: Stack) -> AsyncIterator[FastAPI]:
    prefix = f"h{uuid4().hex[:8]}-"
    await create_topics(stack.kafka, [f"{prefix}bank.{name}" for name in ("inbox", "events", "rejected")])
    settings = BankSettings(kafka_bootstrap_servers=stack.kafka, mongodb_uri=stack.mongo, topic_prefix=prefix)
    app = build_app(build(settings))
    async with app.router.lifespan_context(app):
        yield app
        await app.state.runtime.database.drop()


@pytest.fixture(scope="module")
async def http(bank: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(bank, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://bank", timeout=30) as client:
        await eventually(lambda: _is_ready(client))
        yield client


async def _is_ready(client: httpx.AsyncClient) -> bool:
    return (await client.get("/health/ready")).is_success


@pytest.fixture
async def account(http: httpx.AsyncClient) -> str:
    """The path of a new account with 10 on it."""
    id = f"a{uuid4().hex[:8]}"
    assert (await http.post("/accounts", json={"account_id": id, "owner": "ada"})).status_code == 201
    assert (await http.post(f"/accounts/{id}/deposits", json={"amount": 10})).is_success
    return f"/accounts/{id}"


async def balance(http: httpx.AsyncClient, account: str) -> int:
    body: dict[str, int] = (await http.get(account)).json()
    return body["balance"]


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status and body["type"] == "about:blank" and body["title"] and body["detail"]
    return body


def fields(answer: httpx.Response) -> list[str]:
    return [error["field"] for error in problem(answer, 422)["errors"]]


async def test_every_wrong_field_is_named(http: httpx.AsyncClient) -> None:
    assert fields(await http.post("/accounts", json={"account_id": "no id!", "owner": ""})) == ["account_id", "owner"]
    assert fields(await http.post("/accounts", json={})) == ["account_id", "owner"]
    assert fields(await http.post("/accounts", json=[])) == ["body"]


@pytest.mark.parametrize("amount", ["1", 1.5, True, None, 10**30, [], {}])
async def test_an_amount_is_a_whole_number(http: httpx.AsyncClient, account: str, amount: object) -> None:
    assert fields(await http.post(f"{account}/deposits", json={"amount": amount})) == ["amount"]
    assert await balance(http, account) == 10


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b"",
        b"[" * 100_000,
        b'{"account_id":"s1","owner":"\\ud800"}',
        b'{"account_id":' + b"9" * 5000 + b',"owner":"x"}',
    ],
)
async def test_a_body_that_is_no_json_is_the_caller_s_mistake(http: httpx.AsyncClient, body: bytes) -> None:
    answer = await http.post("/accounts", content=body, headers={"content-type": "application/json"})
    problem(answer, answer.status_code)
    assert answer.status_code in (400, 422)


async def test_a_refused_move_names_the_allowed_ones(http: httpx.AsyncClient, account: str) -> None:
    refused = problem(await http.post(f"{account}/deposits", json={"amount": 0}), 409)
    assert refused["allowed"] == ["deposit"]
    assert refused["detail"] == "a deposit is more than nothing"
    assert refused["errors"] == [{"field": "amount", "detail": "a deposit is more than nothing"}]


async def test_too_early_is_a_409_and_nothing_is_kept_waiting(http: httpx.AsyncClient, account: str) -> None:
    problem(await http.post(f"{account}/transfers", json={"to": account.rpartition("/")[2], "amount": 99}), 409)
    assert (await http.get("/ops/held")).json()["items"] == []


async def test_what_is_not_there_is_a_404(http: httpx.AsyncClient) -> None:
    problem(await http.get("/accounts/nobody"), 404)
    problem(await http.post("/accounts/nobody/deposits", json={"amount": 1}), 404)
    problem(await http.get("/nowhere"), 404)
    problem(await http.delete("/accounts"), 405)
    problem(await http.get("/ops/parked/record", params={"id": "none"}), 404)
    problem(await http.post("/ops/parked/retry", json={"group": "none", "key": "a"}), 404)


async def test_an_edit_needs_the_revision_it_was_based_on(http: httpx.AsyncClient, account: str) -> None:
    edit = {"owner": "grace"}
    problem(await http.put(f"{account}/owner", json=edit), 428)
    tag = (await http.get(account)).headers["ETag"]
    edited = await http.put(f"{account}/owner", json=edit, headers={"If-Match": tag})
    assert edited.json()["owner"] == "grace"
    problem(await http.put(f"{account}/owner", json=edit, headers={"If-Match": tag}), 412)
    assert (await http.put(f"{account}/owner", json=edit, headers={"If-Match": edited.headers["ETag"]})).is_success
    assert (await http.put(f"{account}/owner", json=edit, headers={"If-Match": "*"})).is_success


async def test_a_deposit_never_fails_an_edit(http: httpx.AsyncClient, account: str) -> None:
    tag = (await http.get(account)).headers["ETag"]
    await http.post(f"{account}/deposits", json={"amount": 1})
    assert (await http.put(f"{account}/owner", json={"owner": "x"}, headers={"If-Match": tag})).is_success


async def test_an_unchanged_account_is_not_sent_again(http: httpx.AsyncClient, account: str) -> None:
    tag = (await http.get(account)).headers["ETag"]
    assert (await http.get(account, headers={"If-None-Match": tag})).status_code == 304
    await http.post(f"{account}/deposits", json={"amount": 1})
    assert (await http.get(account, headers={"If-None-Match": tag})).status_code == 200


@pytest.mark.parametrize("tag", ["1", '"x"', '"', '""', '"1", "2"', '"' + "9" * 5000 + '"', '"١"'])
async def test_a_malformed_if_match_is_named(http: httpx.AsyncClient, account: str, tag: str) -> None:
    answer = await http.put(f"{account}/owner", json={"owner": "x"}, headers=[(b"If-Match", tag.encode())])
    assert fields(answer) == ["If-Match"]


@pytest.mark.parametrize("actor", ["seller", "system:/payments", "Seller:1", "seller:", ":x", "seller:a b", "x" * 5000])
async def test_a_malformed_actor_is_named(http: httpx.AsyncClient, account: str, actor: str) -> None:
    assert fields(await http.post(f"{account}/deposits", json={"amount": 1}, headers={"X-Actor": actor})) == ["X-Actor"]
    assert await balance(http, account) == 10


async def test_the_same_key_acts_once_and_gives_the_same_answer(http: httpx.AsyncClient, account: str) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = await http.post(f"{account}/deposits", json={"amount": 5}, headers=headers)
    again = await http.post(f"{account}/deposits", json={"amount": 5}, headers=headers)
    assert (again.json(), again.status_code, again.headers["ETag"]) == (first.json(), 200, first.headers["ETag"])
    assert again.headers["Idempotency-Replayed"] == "true"
    problem(await http.post(f"{account}/deposits", json={"amount": 6}, headers=headers), 400)
    assert await balance(http, account) == 15


async def test_a_key_that_is_used_again_after_its_days_acts_anew_and_is_on_record_twice(
    bank: FastAPI, http: httpx.AsyncClient, account: str
) -> None:
    headers = {"Idempotency-Key": "k4"}
    assert (await http.post(f"{account}/deposits", json={"amount": 7}, headers=headers)).is_success
    await bank.state.runtime.collection("idempotency").delete_many({})
    again = await http.post(f"{account}/deposits", json={"amount": 7}, headers=headers)
    assert "Idempotency-Replayed" not in again.headers
    assert await balance(http, account) == 24
    assert await bank.state.runtime.collection("movements").count_documents({"by": 7}) == 2


async def test_the_same_key_at_the_same_time_acts_once(http: httpx.AsyncClient, account: str) -> None:
    headers = {"Idempotency-Key": "k2"}
    answers = await asyncio.gather(
        *[http.post(f"{account}/deposits", json={"amount": 5}, headers=headers) for _ in range(8)]
    )
    assert {answer.text for answer in answers} == {answers[0].text}
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 7
    assert await balance(http, account) == 15


async def test_a_refused_request_leaves_its_key_unused(http: httpx.AsyncClient, account: str) -> None:
    headers = {"Idempotency-Key": "k3"}
    problem(await http.post(f"{account}/deposits", json={"amount": -5}, headers=headers), 409)
    assert (await http.post(f"{account}/deposits", json={"amount": 5}, headers=headers)).is_success


@pytest.mark.parametrize("key", ["", "x" * 201])
async def test_a_malformed_idempotency_key_is_named(http: httpx.AsyncClient, account: str, key: str) -> None:
    answer = await http.post(f"{account}/deposits", json={"amount": 1}, headers={"Idempotency-Key": key})
    assert fields(answer) == ["Idempotency-Key"]


async def test_concurrent_commands_all_count(http: httpx.AsyncClient, account: str) -> None:
    answers = await asyncio.gather(*[http.post(f"{account}/deposits", json={"amount": 1}) for _ in range(20)])
    assert all(answer.is_success for answer in answers)
    assert await balance(http, account) == 30


async def test_pages_over_ties_show_everybody_once(http: httpx.AsyncClient) -> None:
    owner = f"tied-{uuid4().hex[:8]}"
    ids = [f"t{n}{uuid4().hex[:6]}" for n in range(7)]
    for id in ids:
        await http.post("/accounts", json={"account_id": id, "owner": owner})
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await http.get("/accounts", params={"limit": "2", **cursor})).json()
        seen += [item["account_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert [id for id in seen if id in ids] == sorted(ids, reverse=True)
    assert len(seen) == len(set(seen))


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "x",
        "é",
        cursor("[1]"),
        cursor('["a", {"$gt": ""}]'),
        cursor('["a", null]'),
        cursor('["a", 1000000000000000000000000]'),
        cursor('["a", "\\ud800"]'),
        cursor('["a", {"$date": {"$numberLong": "99999999999999999"}}]'),
        cursor("[" * 500),
    ],
)
async def test_a_cursor_of_nobody_s_is_named(http: httpx.AsyncClient, bad: str) -> None:
    assert fields(await http.get("/accounts", params={"cursor": bad})) == ["cursor"]


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1e9"])
async def test_a_page_has_one_to_two_hundred_items(http: httpx.AsyncClient, limit: str) -> None:
    assert fields(await http.get("/accounts", params={"limit": limit})) == ["limit"]
