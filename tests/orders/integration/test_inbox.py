"""Orders as other systems see them: what they tell, in whatever order, and what they hear back."""

import json
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from shared.contracts.base import Message, Money
from shared.contracts.envelope import Envelope
from shared.contracts.inbox_orders import (
    ClaimPart,
    ClaimSubmitted,
    OrderSubmitted,
    PaymentCaptured,
    RefundPaid,
    ShipmentDelivered,
    ShipmentHandedOver,
    SubmittedLine,
)
from shared.contracts.order_state import ClaimType, LineUnits, OrderState, Reason, RefundStatus
from shared.contracts.orders import OrderEvent
from tests.orders.integration.conftest import Shop
from tests.orders.invariants import broken
from tests.support.eventually import eventually
from tests.support.memory import T0, message_envelope

pytestmark = pytest.mark.stack
WON = {amount: Money(amount=amount, currency="KRW") for amount in (0, 3_000, 10_000, 13_000)}


def submitted(id: str) -> OrderSubmitted:
    line = SubmittedLine(
        line_id="1", product_id="p", name="Mug", quantity=3, list_amount=WON[10_000], discount_amount=WON[0]
    )
    return OrderSubmitted(order_id=id, channel="mall", currency="KRW", lines=(line,), shipping_fee=WON[3_000])


def a_life(id: str) -> list[Message]:
    one = (ClaimPart(line_id="1", quantity=1),)
    return [
        submitted(id),
        PaymentCaptured(order_id=id, payment_id="pay", amount=WON[13_000]),
        ClaimSubmitted(
            order_id=id, claim_id="clm", type=ClaimType.CANCEL, lines=one, reason=Reason.WRONG_ORDER, decided=True
        ),
        RefundPaid(order_id=id, claim_id="clm"),
        ShipmentHandedOver(
            order_id=id,
            shipment_id="shp",
            carrier="CJGLS",
            tracking_no="T",
            lines=(LineUnits(line_id="1", quantity=2),),
        ),
        ShipmentDelivered(order_id=id, shipment_id="shp"),
    ]


async def events_of(shop: Shop, prefix: str) -> dict[str, list[Envelope]]:
    events: dict[str, list[Envelope]] = defaultdict(list)
    for envelope in await shop.store.read("orders.events"):
        if envelope.subject.startswith(prefix):
            events[envelope.subject].append(envelope)
    return events


def last_told(events: list[Envelope]) -> OrderState:
    return OrderEvent.model_validate_json(events[-1].data).order


async def test_lives_told_in_any_order_and_twice_end_delivered(shop: Shop) -> None:
    random, told = Random(20261120), list[Envelope]()
    for n in range(40):
        life = [message_envelope(m, time=T0 + timedelta(hours=h)) for h, m in enumerate(a_life(f"any{n}"))]
        told += random.sample(life, len(life)) + random.sample(life, 2)
    await shop.tell(*told)
    for n in range(40):
        await shop.becomes(f"any{n}", "status", "DELIVERED")

    orders = {f"any{n}": OrderState.model_validate(await shop.order(f"any{n}")) for n in range(40)}

    async def published() -> dict[str, list[Envelope]]:
        events = await events_of(shop, "any")
        assert {id: last_told(found) for id, found in events.items()} == orders
        return events

    for id, found in (await eventually(published)).items():
        assert [envelope.sequence for envelope in found] == list(range(1, len(found) + 1))
        assert broken(orders[id]) == []
        assert {refund.status for refund in orders[id].refunds} == {RefundStatus.SETTLED}
        assert sum(refund.amount.amount for refund in orders[id].refunds) == 3_333
    assert not [refused for refused in await shop.store.read("orders.rejected") if refused.subject in orders]


async def test_what_is_wrong_is_parked_and_told_to_its_sender_while_others_flow(shop: Shop) -> None:
    fine = message_envelope(submitted("fine"))
    value = json.loads(fine.data)

    def wrong(id: str, **change: object) -> Envelope:
        data = json.dumps(value | {"order_id": id} | change).encode()
        return replace(message_envelope(submitted(id)), data=data)

    too_many = [value["lines"][0] | {"line_id": str(n)} for n in range(600)]
    dollars = json.loads(json.dumps(value).replace("KRW", "USD"))
    told = {
        "negative": wrong("negative", lines=[value["lines"][0] | {"quantity": -1}]),
        "dollars": wrong("dollars", **{name: dollars[name] for name in ("currency", "lines", "shipping_fee")}),
        "long": wrong("long", lines=too_many),
        "other": replace(wrong("other"), data=fine.data),
        "broken": replace(wrong("broken"), data=b'{"order_id": "broken", '),
        "future": replace(wrong("future"), type="orders.OrderSubmitted.v9"),
    }
    await shop.tell(*told.values(), fine)
    await shop.becomes("fine", "status", "PAYMENT_WAITING")

    async def heard() -> dict[str, str | None]:
        fields = {r.subject: json.loads(r.data)["field"] for r in await shop.store.read("orders.rejected")}
        assert set(told) <= set(fields)
        return fields

    fields = await eventually(heard)
    assert {id: fields[id] for id in told} == {
        "negative": "lines.0.quantity",
        "dollars": "currency",
        "long": "lines",
        "other": "order_id",
        "broken": "value",
        "future": "ce_type",
    }
    for id in told:
        assert (await shop.http.get(f"/orders/{id}")).status_code == 404
