"""A customer is erased from orders: from documents, stored answers and records that could not be applied."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import Response

from shared.contracts.envelope import Envelope
from shared.contracts.inbox_orders import OrderSubmitted, Recipient, ShipmentDelivered
from tests.orders.integration.conftest import Shop, won
from tests.orders.integration.test_inbox import submitted
from tests.support.eventually import eventually
from tests.support.memory import message_envelope

pytestmark = pytest.mark.stack
SECRETS = ("Im Kkeokjeong", "Cheongseok-gol 7", "000-7777-0000", "buyer:kkeokjeong")
RECIPIENT = {"name": SECRETS[0], "address": SECRETS[1], "phone": SECRETS[2]}


def by(customer: str, id: str, **fields: Any) -> OrderSubmitted:
    recipient = Recipient.model_validate(RECIPIENT)
    return submitted(id).model_copy(update={"customer_id": customer, "recipient": recipient, **fields})


def wrong(customer: str, id: str, name: str) -> Envelope:
    """One that is parked with everything it says."""
    envelope = message_envelope(by(customer, id), id=name)
    return replace(envelope, data=json.dumps(json.loads(envelope.data) | {"lines": [], "buyer": SECRETS[0]}).encode())


async def erase(shop: Shop, customer: str, *, dry_run: bool = False) -> Response:
    operator = {"X-Actor": "operator:kim"}
    return await shop.http.post(f"/ops/customers/{customer}/erase", json={"dry_run": dry_run}, headers=operator)


async def removed(shop: Shop, customer: str, *, dry_run: bool = False) -> dict[str, int]:
    answer = await erase(shop, customer, dry_run=dry_run)
    assert answer.status_code == 200, answer.text
    counts: dict[str, int] = answer.json()["removed"]
    return counts


def kept(shop: Shop) -> dict[str, list[str]]:
    """Which collections still say something, and what."""
    database = shop.store.database("orders")
    texts = {name: str(list(database[name].find())) for name in database.list_collection_names()}
    found = {name: [secret for secret in SECRETS if secret in text] for name, text in texts.items()}
    return {name: secrets for name, secrets in found.items() if secrets}


async def parked(shop: Shop, count: int, **wanted: Any) -> list[dict[str, Any]]:
    async def look() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await shop.http.get("/ops/parked", params=wanted)).json()["items"]
        assert len(rows) == count, rows
        return rows

    return await eventually(look)


async def a_delivered_order(shop: Shop, customer: str, id: str) -> None:
    placed = await shop.http.post(
        "/orders",
        json=json.loads(by(customer, id).model_dump_json()),
        headers={"Idempotency-Key": f"place-{id}"},
    )
    assert placed.status_code == 201, placed.text
    await shop.post(f"/orders/{id}/payments", {"payment_id": "p", "amount": won(13_000)})
    buyer = {"X-Actor": "buyer:kkeokjeong"}
    changed = await shop.http.put(f"/orders/{id}/recipient", json=RECIPIENT | {"memo": "door"}, headers=buyer)
    assert changed.status_code == 200, changed.text
    await shop.stock(id)
    shipped = await shop.post(f"/orders/{id}/shipments", {"shipment_id": "s", "carrier": "CJGLS", "tracking_no": "T"})
    assert shipped.status_code == 200, shipped.text


async def cancel(shop: Shop, id: str) -> None:
    claim = {"type": "CANCEL", "reason": "INTENT_CHANGED", "decided": True}
    answer = await shop.post(f"/orders/{id}/claims", claim)
    assert answer.is_success, answer.text


async def told_everywhere(shop: Shop, customer: str, id: str) -> str:
    """An order, and whatever else keeps who it goes to; the group whose records are parked."""
    await a_delivered_order(shop, customer, id)
    early = message_envelope(ShipmentDelivered(order_id=id, shipment_id="another"))
    early = replace(early, data=json.dumps(json.loads(early.data) | {"recipient": RECIPIENT}).encode())
    dropped, stays = wrong(customer, f"{id}_d", f"{id}-1"), wrong(customer, f"{id}_p", f"{id}-2")
    broken = replace(stays, id=f"{id}-3", data=stays.data[:-1])
    await shop.tell(early, dropped, stays, broken)
    (row,) = await parked(shop, 1, key=f"{id}_d")
    await shop.http.post("/ops/parked/drop", json={"group": row["group"], "key": row["key"]})
    await parked(shop, 2, key=f"{id}_p")
    assert kept(shop).keys() == {"orders", "idempotency", "parked", "audit", "held", "order_history"}
    return str(row["group"])


async def test_nothing_of_the_recipient_is_left(shop: Shop) -> None:
    customer, id = "cus_erased", "erased"
    await told_everywhere(shop, customer, id)
    before = kept(shop)
    would = await removed(shop, customer, dry_run=True)
    assert kept(shop) == before
    tag = {"If-None-Match": (await shop.http.get(f"/orders/{id}")).headers["ETag"]}
    assert (await shop.http.get(f"/orders/{id}", headers=tag)).status_code == 304
    assert await removed(shop, customer) == would
    assert (await shop.http.get(f"/orders/{id}", headers=tag)).status_code == 200
    assert would == {
        "recipients": 1,
        "held records": 1,
        "parked records": 2,
        "dropped records": 1,
        "kept answers": 1,
        "names in timelines": 1,
    }
    assert kept(shop) == {}
    audit = (await shop.http.get("/ops/parked/audit", params={"actor": "operator:kim"})).json()["items"]
    assert {("erase", f"{id}_p"), ("erase", id)} <= {(row["what"], row["key"]) for row in audit}
    order = await shop.order(id)
    assert (order["recipient"], order["status"], order["customer_id"]) == (None, "DELIVERING", customer)
    assert order["erased_at"]
    assert await removed(shop, customer) == dict.fromkeys(would, 0)


async def test_nothing_of_the_recipient_comes_back(shop: Shop) -> None:
    customer, id = "cus_gone", "gone"
    group = await told_everywhere(shop, customer, id)
    await removed(shop, customer)
    again, now = by(customer, id), datetime.now(UTC)
    await shop.tell(
        message_envelope(again, id="r1"),
        message_envelope(again, id="r2", time=now + timedelta(hours=1)),
        message_envelope(by(customer, f"{id}_late"), id="late"),
        message_envelope(by(customer, f"{id}_usd", currency="USD"), id="usd"),
        wrong(customer, f"{id}_late_wrong", f"{id}-4"),
    )
    late = await shop.becomes(f"{id}_late", "status", "PAYMENT_WAITING")
    assert (late["recipient"], "change_recipient" in late["allowed_actions"]) == (None, False)
    await parked(shop, 1, key=f"{id}_late_wrong")
    assert (await shop.http.post("/ops/parked/retry", json={"group": group, "key": f"{id}_p"})).is_success
    replayed = await shop.http.post(
        "/orders",
        json=json.loads(again.model_dump_json()),
        headers={"Idempotency-Key": f"place-{id}"},
    )
    assert (replayed.status_code, replayed.headers["Idempotency-Replayed"]) == (201, "true")
    assert kept(shop) == {}
    await cancel(shop, f"{id}_late")
    assert set((await removed(shop, customer)).values()) == {0}


async def test_an_order_to_be_sent_is_named_and_nothing_is_removed(shop: Shop) -> None:
    await a_delivered_order(shop, "cus_open", "open_sent")
    await shop.tell(message_envelope(by("cus_open", "open_waits")))
    await shop.becomes("open_waits", "status", "PAYMENT_WAITING")
    refused = await erase(shop, "cus_open")
    assert refused.status_code == 409
    assert refused.json()["errors"] == [
        {"field": "orders.open_waits", "detail": "3 units are to be shipped or cancelled"}
    ]
    assert (await shop.order("open_sent"))["recipient"] == RECIPIENT | {"memo": "door"}
    await cancel(shop, "open_waits")
    assert (await removed(shop, "cus_open"))["recipients"] == 2
    assert (await removed(shop, "cus_nobody")) == dict.fromkeys(await removed(shop, "cus_open"), 0)


async def test_who_is_erased_while_their_orders_arrive_is_refused_or_erased_but_never_in_part(shop: Shop) -> None:
    orders = shop.store.database("orders")["orders"]
    for n in range(10):
        customer, answers = f"cus_race{n}", set[int]()
        told = asyncio.create_task(shop.tell(*(message_envelope(by(customer, f"race{n}_{k}")) for k in range(40))))
        async with asyncio.timeout(30):
            while orders.count_documents({"customer_id": customer}) < 40:
                answers.add((await erase(shop, customer)).status_code)
        await told
        assert answers <= {200, 409}
        erased = {row["recipient"] is None for row in orders.find({"customer_id": customer})}
        assert erased == {200 in answers}, "erased at once, so nobody's order was there, or not at all"
