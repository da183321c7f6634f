import pytest

from services.orders.commands import RetryRefund
from services.orders.domain.moves import Move, allowed_actions
from shared.contracts.base import Money
from shared.contracts.inbox_orders import ClaimDecision, GoodwillLine, RefundPaid
from shared.contracts.order_state import RefundKind, RefundStatus
from shared.runtime.decision import IllegalMove, Unknown
from tests.orders.given import (
    BUYER,
    ID,
    Desk,
    a_delivered_order,
    a_line,
    a_paid_order,
    a_placed_order,
    cancel,
    decided,
    goodwill,
    paid,
    refund_failed,
    refunded,
    resent,
    sent_back,
    won,
)

RETRY = RetryRefund(order_id=ID, refund_id="rfd_1")


def a_cancelled_order() -> Desk:
    return a_paid_order().tell(cancel(decided=True))


def test_a_refund_is_settled_by_its_id_or_by_its_claim() -> None:
    by_claim = a_cancelled_order().tell(refunded(claim_id="clm_1"))
    by_id = a_cancelled_order()
    by_id.tell(refunded(refund_id=by_id.public.refunds[0].refund_id))
    for desk in (by_claim, by_id):
        [refund] = desk.public.refunds
        assert refund.status is RefundStatus.SETTLED
        assert refund.settled_at is not None
        assert desk.event_types[-1] == "RefundSettled"


def test_an_answer_told_twice_changes_nothing() -> None:
    desk = a_cancelled_order().tell(refunded(claim_id="clm_1"), refunded(claim_id="clm_1"))
    assert desk.event_types.count("RefundSettled") == 1
    assert desk.tell(refund_failed(claim_id="clm_1")).refused == [("ILLEGAL_MOVE", "claim_id")]


def test_an_answer_to_an_unknown_refund_waits_for_it() -> None:
    desk = a_paid_order().tell(refunded(claim_id="clm_1"), refunded(refund_id="rfd_1"))
    assert len(desk.held) == 2
    desk.tell(cancel("clm_1", {"1": 1}, decided=True))
    assert len(desk.held) == 1
    desk.tell(goodwill("rfd_1"))
    assert desk.held == {}
    assert [refund.status for refund in desk.public.refunds] == [RefundStatus.SETTLED] * 2


def test_a_claim_that_owed_no_money_has_no_refund_to_answer() -> None:
    desk = a_placed_order(a_line(amount=0), fee=0).tell(cancel(decided=True), refunded(claim_id="clm_1"))
    assert desk.refused == [("ILLEGAL_MOVE", "claim_id")]


def test_a_claim_that_was_not_granted_has_no_refund_to_answer() -> None:
    desk = a_paid_order().tell(cancel(), decided(ClaimDecision.REJECTED), refunded(claim_id="clm_1"))
    assert desk.refused == [("ILLEGAL_MOVE", "claim_id")]


def test_an_answer_names_the_refund_or_the_claim() -> None:
    for named in ({}, {"refund_id": "a", "claim_id": "b"}):
        with pytest.raises(ValueError, match="either refund_id or claim_id"):
            RefundPaid(order_id=ID, **named)


def test_a_failed_refund_is_tried_again_and_counted() -> None:
    desk = a_paid_order().tell(goodwill("rfd_1"), refund_failed(refund_id="rfd_1"), refund_failed(refund_id="rfd_1"))
    assert desk.event_types.count("RefundFailed") == 1
    assert desk.public.refunds[0].error_code == "ACCOUNT_CLOSED"
    desk.ask(RETRY)
    assert (desk.public.refunds[0].status, desk.public.refunds[0].attempts) == (RefundStatus.REQUESTED, 2)
    assert desk.event_types[-1] == "RefundRequested"
    desk.tell(refunded(refund_id="rfd_1"))
    assert desk.public.refunds[0].status is RefundStatus.SETTLED


def test_an_earlier_answer_told_again_is_none_to_a_new_attempt() -> None:
    desk = a_paid_order().tell(goodwill("rfd_1"))
    first = desk.sent(refund_failed(refund_id="rfd_1"))
    desk.deliver(first)
    assert desk.public.refunds[0].failed_at == first.time
    desk.ask(RETRY)
    desk.deliver(resent(first))
    assert (desk.public.refunds[0].status, desk.public.refunds[0].attempts) == (RefundStatus.REQUESTED, 2)
    desk.tell(refund_failed(refund_id="rfd_1"))
    assert desk.public.refunds[0].status is RefundStatus.FAILED
    desk.tell(refunded(refund_id="rfd_1")).deliver(resent(first, 1))
    assert (desk.public.refunds[0].status, desk.parked) == (RefundStatus.SETTLED, [])


def test_only_a_failed_refund_is_tried_again() -> None:
    desk = a_paid_order()
    with pytest.raises(Unknown):
        desk.ask(RETRY)
    desk.tell(goodwill("rfd_1"))
    with pytest.raises(IllegalMove):
        desk.ask(RETRY)


def test_a_failed_refund_leaves_its_money_to_others_and_is_then_not_tried_again() -> None:
    desk = a_paid_order(a_line(amount=10_000)).tell(goodwill("rfd_1", {"1": 10_000}))
    desk.tell(refund_failed(refund_id="rfd_1"), goodwill("rfd_2", {"1": 4_000}))
    with pytest.raises(IllegalMove) as refused:
        desk.ask(RETRY)
    assert refused.value.field == "refund_id"
    assert Move.RETRY_REFUND not in allowed_actions(desk.public, "seller")
    assert desk.tell(refunded(refund_id="rfd_1")).refused == [("ILLEGAL_MOVE", "refund_id")]


@pytest.mark.parametrize("amount", [4_000, 10_000])
def test_a_cancel_gives_what_failed_goodwill_has_not_and_nothing_of_what_is_on_its_way(amount: int) -> None:
    whole, declined = cancel("clm_1", {"1": 1}, decided=True), refund_failed(refund_id="rfd_1")
    for messages, given in (((declined, whole), 10_000), ((whole, declined), 10_000 - amount)):
        desk = a_paid_order(a_line("1", 1, 10_000), fee=0).tell(goodwill("rfd_1", {"1": amount}), *messages)
        cancelled = [refund.amount.amount for refund in desk.public.refunds if refund.kind is RefundKind.CANCEL]
        assert cancelled == ([given] if given else [])


def test_a_refund_paid_after_it_was_declined_is_settled() -> None:
    desk = a_paid_order().tell(goodwill("rfd_1"), refund_failed(refund_id="rfd_1"), refunded(refund_id="rfd_1"))
    assert desk.public.refunds[0].status is RefundStatus.SETTLED
    assert desk.public.refunds[0].error_code is None


def test_a_refund_whose_money_others_have_is_refused_by_the_name_it_was_answered_with() -> None:
    desk = a_paid_order(a_line(amount=10_000)).tell(cancel("clm_1", {"1": 1}, decided=True))
    desk.tell(refund_failed(claim_id="clm_1"), goodwill("rfd_2", {"1": 10_000}), refunded(claim_id="clm_1"))
    assert desk.refused == [("ILLEGAL_MOVE", "claim_id")]


def test_goodwill_gives_money_and_takes_no_goods() -> None:
    desk = a_paid_order().tell(goodwill("rfd_1", {"1": 1_000}, shipping=500), goodwill("rfd_1", {"1": 1_000}, 500))
    [refund] = desk.public.refunds
    assert (refund.kind, refund.amount, refund.reason) == (RefundKind.GOODWILL, won(1_500), "APOLOGY")
    assert desk.line.cancelled == 0
    assert desk.event_types.count("RefundRequested") == 1


@pytest.mark.parametrize(
    ("goods", "shipping", "field"),
    [
        ({"1": 9_001}, 0, "lines.0.goods_amount"),
        ({"2": 501}, 0, "lines.0.goods_amount"),
        ({}, 3_001, "shipping_amount"),
        ({"1": 9_000, "2": 501}, 3_001, "lines.1.goods_amount"),
    ],
)
def test_goodwill_gives_no_more_than_is_left_of_each_part(goods: dict[str, int], shipping: int, field: str) -> None:
    desk = a_paid_order(a_line("1", 3, 10_000), a_line("2", 1, 500), fee=3_000)
    desk.tell(goodwill("rfd_0", {"1": 1_000}), goodwill("rfd_1", goods, shipping))
    assert desk.refused == [("ILLEGAL_MOVE", field)]


def test_goodwill_names_no_unit_that_was_taken_off_the_sale_before() -> None:
    desk = a_paid_order(a_line("1", 3, 10_000)).tell(cancel("clm_1", {"1": 1}, decided=True))
    desk.tell(goodwill("rfd_1", {"1": 1}, units=1), goodwill("rfd_2", {"1": 1}, units=2))
    assert desk.refused == [("ILLEGAL_MOVE", "lines.0.quantity")]
    desk.tell(refund_failed(refund_id="rfd_1"), goodwill("rfd_3", {"1": 1}, units=2))
    assert [refund.refund_id for refund in desk.public.refunds[1:]] == ["rfd_1", "rfd_3"]


def test_a_unit_that_goodwill_named_is_not_taken_off_the_sale_again() -> None:
    kept = goodwill("rfd_1", {"1": 1_000}, units=2)
    for desk, whole in ((a_paid_order(), cancel(decided=True)), (a_delivered_order(), sent_back(decided=True))):
        desk.tell(kept, whole)
        assert [refund.lines[0].quantity for refund in desk.public.refunds] == [2, 1]


def test_all_that_was_paid_may_be_given_back() -> None:
    desk = a_paid_order(a_line("1", 3, 10_000), fee=3_000).tell(goodwill("rfd_0", {"1": 10_000}, 3_000))
    assert desk.parked == []
    assert desk.tell(goodwill("rfd_1", {"1": 1})).refused == [("ILLEGAL_MOVE", None)]


def test_goodwill_waits_for_the_payment_that_may_still_come() -> None:
    desk = a_placed_order().tell(goodwill())
    assert len(desk.held) == 1
    assert desk.tell(paid()).public.refunds[0].kind is RefundKind.GOODWILL
    assert a_placed_order().tell(cancel(decided=True), goodwill()).refused == [("ILLEGAL_MOVE", None)]


def test_wrong_goodwill_is_named_at_its_field() -> None:
    dollars = (GoodwillLine(line_id="1", goods_amount=Money(amount=1, currency="USD")),)
    wrong = [
        (goodwill(goods={"9": 1}), "lines.0.line_id"),
        (goodwill(goods={}), "lines"),
        (goodwill().model_copy(update={"lines": dollars}), "lines.0.goods_amount.currency"),
        (
            goodwill().model_copy(update={"shipping_amount": Money(amount=1, currency="USD")}),
            "shipping_amount.currency",
        ),
    ]
    for message, field in wrong:
        assert a_paid_order().tell(message).refused == [("INVALID", field)]


def test_a_buyer_gives_nothing() -> None:
    with pytest.raises(IllegalMove):
        a_paid_order().ask(goodwill(), BUYER)


def test_refunds_of_payments_that_were_no_sale_take_nothing_from_the_order() -> None:
    desk = a_paid_order(a_line("1", 3, 10_000), fee=0).tell(paid(10_000, "pay_2"), goodwill("rfd_1", {"1": 10_000}))
    assert [refund.kind for refund in desk.public.refunds] == [RefundKind.DOUBLE_PAYMENT, RefundKind.GOODWILL]
