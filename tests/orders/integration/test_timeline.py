"""An order's timeline is what its topic says of it, when nothing is left in the outbox."""

from typing import Any

import pytest

from shared.contracts.envelope import Envelope
from tests.orders.integration.conftest import Shop, won
from tests.orders.integration.test_inbox import a_life, events_of
from tests.support.eventually import eventually

pytestmark = pytest.mark.stack


async def timeline(shop: Shop, id: str, **how: Any) -> dict[str, Any]:
    answer = await shop.http.get(f"/orders/{id}/timeline", params=how)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_it_has_every_event_of_the_topic_after_the_outbox_is_empty(shop: Shop) -> None:
    await shop.tell(*a_life("told"))
    await shop.becomes("told", "status", "DELIVERED")

    async def published() -> list[Envelope]:
        assert shop.store.database("orders")["outbox"].count_documents({}) == 0
        return (await events_of(shop, "told"))["told"]

    events = await eventually(published)
    found = await timeline(shop, "told")
    told = [(line["sequence"], f"orders.{line['type']}.v1", line["event_id"]) for line in found["items"]]
    assert told == [(event.sequence, event.type, event.id) for event in events]
    assert found["newest"] == len(events)
    assert {line["by"] for line in found["items"]} == {"system:/test"}


async def test_it_is_read_in_pages_and_only_of_one_order(shop: Shop) -> None:
    for id in ("paged", "paged.1", "paged0"):
        assert (await shop.place(order_id=id)).status_code == 201
        await shop.post(f"/orders/{id}/payments", {"payment_id": "p", "amount": won(13_000)}, "agent:kim")
        await shop.post(f"/orders/{id}/shipments", {"carrier": "CJGLS", "tracking_no": "T"})
    first = await timeline(shop, "paged", limit=1)
    rest = await timeline(shop, "paged", limit=5, after=first["items"][-1]["sequence"])
    assert [line["type"] for line in [*first["items"], *rest["items"]]] == ["OrderPlaced", "OrderPaid"]
    assert [line["by"] for line in rest["items"]] == ["agent:kim"]
    assert (await timeline(shop, "paged", after=rest["newest"]))["items"] == []
    assert (await shop.http.get("/orders/nobody/timeline")).status_code == 404
    assert (await shop.http.get("/orders/paged/timeline", params={"limit": 201})).status_code == 422
