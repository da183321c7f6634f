"""Every message of the inbox: told again it changes nothing; one that cannot be is answered at its field."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts.inbox_orders import MESSAGES, ClaimDecision, OrdersMessage
from shared.contracts.rejected import CommandRejected
from tests.orders.given import (
    Desk,
    a_delivered_order,
    a_line,
    a_paid_order,
    a_placed_order,
    an_exchange_to_send,
    an_order_to_ship,
    cancel,
    collected,
    decided,
    declined,
    delivered,
    exchange,
    goodwill,
    paid,
    picked_up,
    placed,
    postponed,
    refund_failed,
    refunded,
    replaced,
    sent_back,
    shipped,
    tracked,
)
from tests.support.memory import T0

LATER = T0 + timedelta(days=30)
Given = Callable[[], Desk]


def a_shipped_order() -> Desk:
    return an_order_to_ship().tell(shipped())


def a_return(*steps: OrdersMessage) -> Given:
    return lambda: a_delivered_order().tell(sent_back("clm_1", {"1": 2}), *steps)


def a_goodwill() -> Desk:
    return a_paid_order().tell(goodwill("rfd_1"))


def a_cancelled_order() -> Desk:
    return a_placed_order().tell(cancel("clm_1", decided=True))


TOLD: list[tuple[Given, OrdersMessage]] = [
    (Desk, placed()),
    (a_placed_order, paid()),
    (a_placed_order, declined()),
    (an_order_to_ship, shipped()),
    (a_shipped_order, delivered()),
    (a_shipped_order, tracked("T-9")),
    (an_order_to_ship, postponed(LATER)),
    (an_order_to_ship, cancel()),
    (a_return(), decided(ClaimDecision.REJECTED)),
    (a_return(), picked_up()),
    (a_return(picked_up()), collected()),
    (a_paid_order, goodwill("rfd_1")),
    (a_goodwill, refunded(refund_id="rfd_1")),
    (a_goodwill, refund_failed(refund_id="rfd_1")),
]


def test_none_is_left_out() -> None:
    assert [type(message) for _, message in TOLD] == list(MESSAGES)


@pytest.mark.parametrize(("given", "message"), TOLD, ids=lambda one: type(one).__name__)
def test_told_again_in_another_message_it_changes_nothing(given: Given, message: OrdersMessage) -> None:
    desk = given().tell(message)
    order, published = desk.order, desk.event_types
    desk.tell(message)
    assert (desk.order, desk.event_types) == (order, published)
    assert (desk.parked, desk.held) == ([], {})


@pytest.mark.parametrize(("given", "message"), TOLD, ids=lambda one: type(one).__name__)
def test_told_of_a_day_that_stands_for_never_it_is_refused_and_holds_up_nothing(
    given: Given, message: OrdersMessage
) -> None:
    desk = given()
    desk.deliver(replace(desk.sent(message), time=datetime(9999, 12, 30, tzinfo=UTC)))
    assert desk.refused == [("MALFORMED", "ce_time")]
    published = desk.event_types
    desk.tell(message)
    assert (len(desk.parked), desk.event_types == published) == (1, False)


NUMBERED = placed(client_order_number="N-1")
WRONG: list[tuple[Given, OrdersMessage, str, str | None]] = [
    (Desk, placed(a_line(amount=10**15), a_line("2", amount=10**15)), "INVALID", "lines"),
    (a_placed_order, placed(fee=1), "ILLEGAL_MOVE", "order_id"),
    (lambda: Desk().tell(NUMBERED), placed(client_order_number="N-2"), "ILLEGAL_MOVE", "order_id"),
    (
        lambda: Desk().tell(NUMBERED),
        NUMBERED.model_copy(update={"order_id": "ord_2"}),
        "ILLEGAL_MOVE",
        "client_order_number",
    ),
    (a_placed_order, paid(0), "INVALID", "amount.amount"),
    (a_paid_order, paid(1), "ILLEGAL_MOVE", "payment_id"),
    (a_paid_order, declined("pay_1"), "ILLEGAL_MOVE", "payment_id"),
    (an_order_to_ship, shipped(wanted={"9": 1}), "INVALID", "lines.0.line_id"),
    (an_order_to_ship, shipped(wanted={"1": 4}), "INVALID", "lines.0.quantity"),
    (
        lambda: an_order_to_ship().tell(shipped(wanted={"1": 2})),
        shipped("shp_2", {"1": 2}),
        "ILLEGAL_MOVE",
        "lines.0.quantity",
    ),
    (lambda: an_order_to_ship().tell(shipped(wanted={"1": 2})), shipped(), "ILLEGAL_MOVE", "shipment_id"),
    (a_cancelled_order, shipped(), "ILLEGAL_MOVE", None),
    (a_cancelled_order, delivered(), "ILLEGAL_MOVE", "shipment_id"),
    (a_cancelled_order, tracked("T-9"), "ILLEGAL_MOVE", "shipment_id"),
    (an_order_to_ship, postponed(T0), "INVALID", "ship_by"),
    (an_order_to_ship, postponed(T0 + timedelta(days=100 * 365)), "INVALID", "ship_by"),
    (lambda: an_order_to_ship().tell(postponed(LATER)), postponed(LATER - timedelta(days=1)), "INVALID", "ship_by"),
    (a_shipped_order, cancel(), "ILLEGAL_MOVE", None),
    (an_order_to_ship, cancel(wanted={"1": 4}), "INVALID", "lines.0.quantity"),
    (lambda: an_order_to_ship().tell(cancel("clm_1", {"1": 2})), cancel("clm_1"), "ILLEGAL_MOVE", "claim_id"),
    (
        lambda: a_delivered_order().tell(exchange()),
        decided(ClaimDecision.APPROVED),
        "ILLEGAL_MOVE",
        "decision",
    ),
    (an_exchange_to_send, replaced("clm_0", wanted={"1": 2}), "INVALID", "lines"),
    (a_cancelled_order, picked_up(), "ILLEGAL_MOVE", "claim_id"),
    (a_return(picked_up()), collected(counts={"1": (1, 2)}), "INVALID", "lines.0"),
    (a_return(picked_up()), collected(counts={"9": (1, 0)}), "INVALID", "lines.0"),
    (a_paid_order, goodwill(goods={"9": 1}), "INVALID", "lines.0.line_id"),
    (a_paid_order, goodwill(goods={"1": 10_001}), "ILLEGAL_MOVE", "lines.0.goods_amount"),
    (a_paid_order, goodwill(shipping=3_001), "ILLEGAL_MOVE", "shipping_amount"),
    (a_paid_order, goodwill(goods={"1": 10**15}, shipping=10**15), "ILLEGAL_MOVE", "lines.0.goods_amount"),
    (a_paid_order, goodwill(shipping=10**15), "ILLEGAL_MOVE", "shipping_amount"),
    (a_goodwill, goodwill("rfd_1", {"1": 2}), "ILLEGAL_MOVE", "refund_id"),
    (a_return(decided(ClaimDecision.REJECTED)), refunded(claim_id="clm_1"), "ILLEGAL_MOVE", "claim_id"),
    (
        lambda: a_goodwill().tell(refunded(refund_id="rfd_1")),
        refund_failed(refund_id="rfd_1"),
        "ILLEGAL_MOVE",
        "refund_id",
    ),
]


@pytest.mark.parametrize(("given", "message", "error", "field"), WRONG)
def test_what_cannot_be_is_told_to_its_sender_at_its_field(
    given: Given, message: OrdersMessage, error: str, field: str | None
) -> None:
    desk = given()
    before = dict(desk.documents)
    sent = desk.sent(message)
    desk.deliver(sent)
    [answer] = [CommandRejected.model_validate_json(envelope.data) for envelope in desk.rejected]
    assert (answer.error, answer.field) == (error, field), answer.sentence
    assert (answer.source, answer.message_id, answer.message_type) == (sent.source, sent.id, sent.type)
    assert desk.rejected[0].subject == message.order_id
    assert desk.documents == before
