"""A customer is erased from inquiries: from tickets, messages, stored answers and records that could not be applied."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.inbox_inquiries import CustomerMessageReceived
from tests.inquiries.given import a_question
from tests.inquiries.integration.conftest import Desk
from tests.support.eventually import eventually
from tests.support.memory import T0, message_envelope

pytestmark = pytest.mark.stack
CUSTOMER = "cus_gone"
SECRETS = ("Im Kkeokjeong", "000-7777-0000", "Cheongseok")
ASKED: dict[str, Any] = {
    "customer_id": CUSTOMER,
    "name": SECRETS[0],
    "contact": SECRETS[1],
    "title": SECRETS[2],
    "text": f"Bring it to {SECRETS[2]}",
}


def kept(desk: Desk) -> dict[str, list[str]]:
    database = desk.store.database("inquiries")
    texts = {name: str(list(database[name].find())) for name in database.list_collection_names()}
    found = {name: [secret for secret in SECRETS if secret in text] for name, text in texts.items()}
    return {name: secrets for name, secrets in found.items() if secrets}


async def removed(desk: Desk, customer: str = CUSTOMER, **body: Any) -> dict[str, int]:
    answer = await desk.http.post(f"/ops/customers/{customer}/erase", json=body)
    assert answer.status_code == 200, answer.text
    counts: dict[str, int] = answer.json()["removed"]
    return counts


async def test_nothing_of_who_asked_is_left_and_nothing_comes_back(desk: Desk) -> None:
    body = {"inquiry_id": "gone", "channel": "web", "category": "order.delivery", **ASKED}
    first = await desk.http.post("/inquiries", json=body, headers={"Idempotency-Key": "gone"})
    assert first.status_code == 201
    await desk.open("gone_guest", **ASKED | {"customer_id": None, "order_id": "ord_gone"})
    await desk.http.post("/inquiries/gone/messages", json={"text": f"Dear {SECRETS[0]}"})
    early = message_envelope(CustomerMessageReceived(inquiry_id="gone_later", text=SECRETS[0]))
    good = message_envelope(a_question(inquiry_id="gone_wrong", **ASKED))
    wrong = replace(good, id="gone-1", data=json.dumps(json.loads(good.data) | {"channel": "pigeon"}).encode())
    await desk.tell(wrong, early)

    async def parked() -> bool:
        return bool((await desk.http.get("/ops/parked", params={"key": "gone_wrong"})).json()["items"])

    await eventually(parked)
    counts = await removed(desk, order_ids=["ord_gone"], dry_run=True)
    assert counts == {
        "tickets": 2,
        "messages": 3,
        "held records": 0,
        "parked records": 1,
        "dropped records": 0,
        "kept answers": 1,
    }
    assert kept(desk).keys() == {"inquiries", "messages", "idempotency", "parked", "held"}
    assert await removed(desk, order_ids=["ord_gone"]) == counts
    assert kept(desk) == {"held": [SECRETS[0]]}, "nobody knows yet whose it is"
    ticket = await desk.ticket("gone")
    assert (ticket["status"], ticket["name"], ticket["messages_total"]) == ("RESOLVED", "(erased)", 2)
    assert [message["text"] for message in ticket["messages"]] == ["(erased)"] * 2

    replayed = await desk.http.post("/inquiries", json=body, headers={"Idempotency-Key": "gone"})
    assert (replayed.headers["Idempotency-Replayed"], replayed.json()["name"]) == ("true", "(erased)")
    late = [a_question(inquiry_id=id, **ASKED) for id in ("gone", "gone_later")]
    await desk.tell(*(message_envelope(one, time=T0 + timedelta(hours=1)) for one in late), replace(wrong, id="gone-2"))
    later = await desk.sees("gone_later", lambda ticket: ticket.get("messages_total") == 2)
    assert later["status"] == "RESOLVED"

    async def all_parked() -> bool:
        return len((await desk.http.get("/ops/parked", params={"key": "gone_wrong"})).json()["items"]) == 2

    await eventually(all_parked)
    assert kept(desk) == {}
    assert await removed(desk, order_ids=["ord_gone"]) == dict.fromkeys(counts, 0)


async def test_who_writes_again_is_erased_again_and_others_stay(desk: Desk) -> None:
    await desk.open("back", **ASKED | {"customer_id": "cus_back"})
    await desk.open("stays", customer_id="cus_stays")
    assert (await removed(desk, "cus_back"))["tickets"] == 1
    await desk.http.post("/inquiries/back/messages", json={"text": SECRETS[2]}, headers={"X-Actor": "customer:back"})
    assert (await desk.ticket("back"))["status"] == "OPEN"
    again = await removed(desk, "cus_back")
    assert (again["tickets"], again["messages"]) == (1, 1)
    assert kept(desk) == {}
    stays = await desk.ticket("stays")
    assert (stays["name"], stays["status"]) == ("Kim", "NEW")
