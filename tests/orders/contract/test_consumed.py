"""As a consumer: the golden messages of every subscribed topic go through the real handlers."""

import json
from dataclasses import replace
from datetime import timedelta
from operator import attrgetter
from typing import Any

import pytest

from services.orders.repository import ORDER
from shared.contracts import catalog, inbox_orders
from shared.contracts.envelope import Envelope
from shared.contracts.order_state import ClaimType, OrderState, OrderStatus, Reason, RefundStatus, StockStatus
from tests.orders.given import Desk
from tests.support.golden import golden, goldens
from tests.support.memory import message_envelope

ANSWERS = {
    catalog.StockReserved.wire_type(): StockStatus.RESERVED,
    catalog.StockRejected.wire_type(): StockStatus.REJECTED,
}
PLACED = golden("orders.OrderSubmitted.v1")
RETURN = inbox_orders.ClaimSubmitted(
    order_id=PLACED.subject,
    claim_id="clm_91a1",
    type=ClaimType.RETURN,
    lines=(inbox_orders.ClaimPart(line_id="1", quantity=1),),
    reason=Reason.PRODUCT_UNSATISFIED,
)
APPROVED = inbox_orders.ClaimDecided(
    order_id=PLACED.subject, claim_id="clm_91a1", decision=inbox_orders.ClaimDecision.APPROVED
)
"""The goldens pick these goods up and count them; a type has one golden, and that of a claim is a cancel."""


def newer(envelope: Envelope) -> Envelope:
    """As a later version of its sender would write it: with fields we have never heard of."""
    value = json.loads(envelope.data) | {"a_new_field": {"deep": [1]}}
    for line in value.get("lines") or ():
        line["another"] = None
    return replace(envelope, data=json.dumps(value).encode())


def about(envelope: Envelope, order_id: str) -> Envelope:
    value = json.loads(envelope.data)
    value["reservation"]["order_id"] = order_id
    return replace(envelope, subject=order_id, data=json.dumps(value).encode())


@pytest.mark.parametrize("envelope", goldens("catalog.events"), ids=lambda envelope: envelope.type)
def test_catalog_answers_for_an_order_and_speaks_of_products(envelope: Envelope) -> None:
    desk = Desk()
    desk.deliver(PLACED)
    if envelope.type not in ANSWERS:
        desk.deliver(envelope)
        assert desk.counts == {"applied": 1, "read_past": 1}
        return
    desk.deliver(about(newer(envelope), PLACED.subject))
    order = desk.state(ORDER, PLACED.subject)
    assert order is not None
    assert order.state.stock is ANSWERS[envelope.type]


def test_the_inbox_tells_one_life_in_whatever_order() -> None:
    """Backwards nearly everything is too early and waits; it ends the same, and nothing is parked."""
    asked = golden("orders.PickupStarted.v1")
    returned = [
        replace(message_envelope(message), time=asked.time + timedelta(days=days))
        for message, days in ((RETURN, -1), (APPROVED, 2))
    ]
    life = sorted([*goldens("orders.inbox"), *returned], key=attrgetter("time"))
    ends = []
    for told in (life, [newer(envelope) for envelope in life], life[::-1], life[::2] + life[1::2]):
        desk = Desk()
        for envelope in told:
            desk.deliver(envelope)
        assert (desk.parked, desk.held) == ([], {})
        order = desk.state(ORDER, PLACED.subject)
        assert order is not None
        ends.append((order.state.status, order.state.paid_at, order.state.lines, money_back(order.state)))
    assert ends == ends[:1] * len(ends)
    assert ends[0][0] is OrderStatus.DELIVERED


def money_back(order: OrderState) -> set[tuple[str, int, RefundStatus]]:
    return {(refund.reason, refund.amount.amount, refund.status) for refund in order.refunds}


@pytest.mark.parametrize("message", inbox_orders.MESSAGES, ids=lambda message: message.__name__)
def test_a_message_of_the_inbox_is_read(message: type[inbox_orders.OrdersMessage]) -> None:
    for envelope in (golden(message.wire_type()), newer(golden(message.wire_type()))):
        desk = Desk()
        desk.deliver(envelope)
        assert desk.counts == {"applied" if envelope.type == PLACED.type else "held": 1}


def test_a_type_or_version_nobody_has_heard_of_is_refused_to_its_sender() -> None:
    for unheard in ("orders.OrderBlessed.v1", "orders.OrderSubmitted.v2"):
        desk = Desk()
        desk.deliver(replace(PLACED, type=unheard))
        assert desk.counts == {"parked": 1}
        assert len(desk.rejected) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"currency": "USD"}, "lines"),
        ({"currency": "won"}, "currency"),
        ({"lines": []}, "lines"),
        ({"channel": None}, "channel"),
        ({"order_id": "ord_other"}, "order_id"),
        ({"shipping_fee": {"amount": -1, "currency": "KRW"}}, "shipping_fee"),
        ({"recipient": {"name": "", "address": "세종대로"}}, "recipient.name"),
    ],
)
def test_a_wrong_order_is_parked_and_its_sender_told_which_field(change: dict[str, Any], field: str) -> None:
    desk = Desk()
    desk.deliver(replace(PLACED, data=json.dumps(json.loads(PLACED.data) | change).encode()))
    assert desk.refused == [("INVALID", field)]
    [rejected] = desk.rejected
    assert json.loads(rejected.data)["field"] == field
    assert "세종대로" not in rejected.data.decode()
