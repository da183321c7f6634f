"""Tickets and their orders on real Kafka and MongoDB: shown when read, awake when shipped."""

import asyncio
import random
import time
from collections.abc import Callable

import pytest

from services.inquiries.repository import ORDER_CARD
from shared.contracts.catalog import StockChanged
from tests.inquiries.given import a_product, delivered, paid, placed, shipped
from tests.inquiries.integration.conftest import Desk, Ticket
from tests.support.memory import event_envelope

pytestmark = pytest.mark.stack


def shows(sequence: int) -> Callable[[Ticket], object]:
    return lambda ticket: ticket["order"] and ticket["order"]["sequence"] == sequence


async def test_a_ticket_before_its_order_shows_it_as_soon_as_it_is_told(desk: Desk) -> None:
    await desk.open("inq_early", order_id="ord_early")
    early = await desk.ticket("inq_early")
    assert (early["order"], early["order_state"]) == (None, "order not seen yet")
    await desk.tell(placed(order_id="ord_early"), paid(order_id="ord_early"), shipped(order_id="ord_early"))
    seen = await desk.sees("inq_early", shows(3))
    assert seen["order"]["state"]["status"] == "DELIVERING"
    assert seen["order"]["as_of"] == "2026-03-02T04:00:00Z"
    assert [line["type"] for line in seen["order"]["timeline"]] == ["OrderShipped", "OrderPaid", "OrderPlaced"]
    assert (seen["status"], seen["messages_total"]) == ("NEW", 1)


async def test_a_live_reader_hears_of_each_change_and_of_nothing_else(desk: Desk) -> None:
    await desk.open("inq_live", order_id="ord_live")
    known = (await desk.read("inq_live")).headers["ETag"]
    started = time.monotonic()
    nothing = await desk.read("inq_live", params={"wait": 0.5}, headers={"If-None-Match": known})
    assert (nothing.status_code, nothing.headers["ETag"], nothing.content) == (304, known, b"")
    assert 0.5 <= time.monotonic() - started < 2

    reader = asyncio.create_task(desk.read("inq_live", params={"wait": 30}, headers={"If-None-Match": known}))
    await desk.tell(placed(order_id="ord_live"))
    changed = await reader
    assert changed.status_code == 200
    assert changed.json()["order"]["sequence"] == 1
    assert changed.headers["ETag"] != known
    assert time.monotonic() - started < 10


async def test_a_ticket_says_how_far_its_cards_are_behind(desk: Desk) -> None:
    await desk.open("inq_behind", order_id="ord_behind")
    await desk.tell(placed(order_id="ord_behind"))
    await desk.sees("inq_behind", lambda seen: seen["order"] is not None and seen["behind"] == 0)


async def test_a_late_event_changes_the_tag_but_not_the_card(desk: Desk) -> None:
    await desk.open("inq_late", order_id="ord_late")
    await desk.tell(paid(order_id="ord_late"))
    await desk.sees("inq_late", shows(2))
    known = (await desk.read("inq_late")).headers["ETag"]
    await desk.tell(placed(order_id="ord_late"))
    late = await desk.read("inq_late", params={"wait": 20}, headers={"If-None-Match": known})
    assert late.status_code == 200
    assert late.json()["order"]["sequence"] == 2
    assert [line["sequence"] for line in late.json()["order"]["timeline"]] == [2, 1]


async def test_a_waiting_ticket_wakes_with_the_facts(desk: Desk) -> None:
    await desk.open("inq_wait", order_id="ord_wait")
    answer = await desk.http.post("/inquiries/inq_wait/wait", json={"for": "shipped"})
    assert (answer.status_code, answer.json()["status"]) == (200, "WAITING_EVENT")
    assert answer.json()["waiting_for"] == "shipped"
    await desk.tell(placed(order_id="ord_wait"), paid(order_id="ord_wait"))
    asleep = await desk.sees("inq_wait", shows(2))
    assert asleep["status"] == "WAITING_EVENT"
    await desk.tell(shipped(order_id="ord_wait"))
    awake = await desk.sees("inq_wait", lambda ticket: ticket["status"] == "OPEN")
    assert "1234-5678" in awake["draft"]["text"]
    assert (awake["messages"][-1]["author"], awake["messages"][-1]["public"]) == ("system", False)


async def test_no_ticket_sleeps_on_when_it_starts_to_wait_while_its_order_ships(desk: Desk) -> None:
    """The wait and the shipment meet in every order; whoever comes second sees the first."""
    orders = [f"ord_race_{n}" for n in range(60)]
    await asyncio.gather(*(desk.open(f"inq_{order}", order_id=order) for order in orders))

    async def wait(order: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        response = await desk.http.post(f"/inquiries/inq_{order}/wait", json={"for": "shipped"})
        assert response.status_code == 200

    chance = random.Random(7)
    waits = [asyncio.create_task(wait(order, chance.uniform(0, 0.6))) for order in orders]
    for order in chance.sample(orders, len(orders)):
        await desk.tell(placed(order_id=order), shipped(order_id=order), delivered(order_id=order))
    await asyncio.gather(*waits)

    for order in orders:
        await desk.sees(f"inq_{order}", lambda ticket: ticket["status"] == "OPEN")
    cards = desk.store.database("inquiries")[ORDER_CARD.collection]
    assert cards.count_documents({"_id": {"$in": orders}, "waiting": {"$ne": []}}) == 0


@pytest.mark.parametrize(
    ("customer", "state", "unverified"),
    [("cus_1", "shown", False), (None, "customer unverified", True), ("cus_other", "customer mismatch", None)],
)
async def test_only_the_customers_own_order_is_shown(
    desk: Desk, customer: str | None, state: str, unverified: bool | None
) -> None:
    order, inquiry = f"ord_of_{customer}", f"inq_of_{customer}"
    await desk.open(inquiry, order_id=order, customer_id=customer)
    await desk.tell(placed(order_id=order))
    seen = await desk.sees(inquiry, lambda ticket: ticket["order_state"] == state)
    assert seen["customer_mismatch"] is (state == "customer mismatch")
    if unverified is None:
        assert seen["order"] is None
        assert "Mug" not in str(seen)
    else:
        assert seen["order"]["customer_unverified"] is unverified
        assert seen["order"]["state"]["customer_id"] == customer


async def test_the_product_is_shown_beside_the_ticket(desk: Desk) -> None:
    await desk.open("inq_stock", category="product.stock", product_id="prd_1", order_id=None)
    assert (await desk.ticket("inq_stock"))["product_state"] == "product not seen yet"
    await desk.tell(event_envelope(StockChanged(product=a_product(), option_ids=("default",)), "prd_1", 1))
    seen = await desk.sees("inq_stock", lambda ticket: ticket["product"])
    assert (seen["product"]["name"], seen["product"]["options"][0]["available"]) == ("Mug", 5)


async def test_an_order_event_never_fails_an_agents_edit(desk: Desk) -> None:
    await desk.open("inq_busy", order_id="ord_edit")
    known = (await desk.read("inq_busy")).headers["ETag"]
    await desk.tell(placed(order_id="ord_edit"))
    await desk.sees("inq_busy", shows(1))
    edited = await desk.http.patch("/inquiries/inq_busy", json={"title": "Late"}, headers={"If-Match": known})
    assert (edited.status_code, edited.json()["title"]) == (200, "Late")
    again = await desk.http.patch("/inquiries/inq_busy", json={"title": "Later"}, headers={"If-Match": known})
    assert again.status_code == 412
