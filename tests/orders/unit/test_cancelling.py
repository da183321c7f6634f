import pytest

from services.orders.domain.claiming import MAX_CLAIMS
from shared.contracts.inbox_orders import ClaimDecision
from shared.contracts.order_state import ClaimStatus, ClaimType, OrderStatus, Reason, RefundStatus
from shared.runtime.decision import IllegalMove
from tests.orders.given import (
    BUYER,
    a_line,
    a_paid_order,
    a_placed_order,
    an_order_to_ship,
    cancel,
    decided,
    goodwill,
    paid,
    refund_failed,
    refunded,
    sent_back,
    shipped,
    won,
)

APPROVE = decided(ClaimDecision.APPROVED)
REJECT = decided(ClaimDecision.REJECTED)
WITHDRAW = decided(ClaimDecision.WITHDRAWN)


def test_a_request_claims_everything_not_sent_yet() -> None:
    desk = an_order_to_ship(a_line("1", 3), a_line("2", 1)).tell(shipped(wanted={"1": 2}), cancel())
    [claim] = desk.public.claims
    assert {part.line_id: part.quantity for part in claim.lines} == {"1": 1, "2": 1}
    assert claim.status is ClaimStatus.CANCEL_REQUEST
    assert [line.claim_status for line in desk.public.lines] == [ClaimStatus.CANCEL_REQUEST] * 2
    assert desk.event_types[-1] == "ClaimRequested"
    assert desk.line.cancelled == 0


def test_an_approved_request_cancels_and_refunds_with_the_shipping_fee() -> None:
    desk = an_order_to_ship().tell(cancel(), APPROVE)
    [claim], [refund] = desk.public.claims, desk.public.refunds
    assert (claim.status, claim.refund_id) == (ClaimStatus.CANCEL_DONE, refund.refund_id)
    assert (refund.amount.amount, refund.shipping_amount.amount, refund.claim_id) == (13_000, 3_000, "clm_1")
    assert (refund.status, refund.payment_id) == (RefundStatus.REQUESTED, "pay_1")
    assert desk.public.status is OrderStatus.CANCELED
    assert desk.event_types[-4:] == ["ClaimApproved", "ClaimCompleted", "RefundRequested", "OrderCancelled"]


def test_a_line_s_cancel_is_under_way_until_its_money_is_back() -> None:
    desk = an_order_to_ship().tell(cancel("clm_1", {"1": 1}), APPROVE)
    said = [desk.line.claim_status]
    for answer in (refund_failed(claim_id="clm_1"), refunded(claim_id="clm_1")):
        said.append(desk.tell(answer).line.claim_status)
    assert said == [ClaimStatus.CANCELING, ClaimStatus.CANCELING, ClaimStatus.CANCEL_DONE]
    assert desk.public.claims[0].status is ClaimStatus.CANCEL_DONE
    unpaid = a_placed_order().tell(cancel("clm_1", {"1": 1}, decided=True))
    assert unpaid.line.claim_status is ClaimStatus.CANCEL_DONE


def test_a_request_decided_by_its_sender_is_one_decision() -> None:
    desk = an_order_to_ship().tell(cancel(decided=True), cancel(decided=True))
    assert desk.event_types[-5:] == [
        "ClaimRequested",
        "ClaimApproved",
        "ClaimCompleted",
        "RefundRequested",
        "OrderCancelled",
    ]


def test_parts_sum_to_the_whole_and_the_last_one_brings_the_fee() -> None:
    desk = a_paid_order(a_line("1", 3, 10_000))
    for n in range(3):
        desk.tell(cancel(f"clm_{n}", {"1": 1}, decided=True))
    assert [refund.lines[0].goods_amount.amount for refund in desk.public.refunds] == [3_333, 3_333, 3_334]
    assert [refund.shipping_amount.amount for refund in desk.public.refunds] == [0, 0, 3_000]
    assert desk.event_types.count("OrderCancelled") == 1


def test_the_fee_stays_once_something_was_sent() -> None:
    desk = an_order_to_ship(a_line("1", 3, 10_000)).tell(shipped(wanted={"1": 1}), cancel(decided=True))
    [refund] = desk.public.refunds
    assert (refund.amount.amount, refund.shipping_amount.amount) == (6_666, 0)
    assert desk.event_types[-1] == "OrderCancelled"


@pytest.mark.parametrize(("reason", "fee"), [(Reason.INTENT_CHANGED, 0), (Reason.SOLD_OUT, 3_000)])
def test_the_fee_goes_back_with_a_last_cancel_that_is_the_seller_s_fault(reason: Reason, fee: int) -> None:
    desk = an_order_to_ship(a_line("1"), a_line("2"), fee=3_000).tell(shipped(wanted={"1": 3}))
    desk.tell(sent_back("clm_1", decided=True, reason=Reason.BROKEN), cancel("clm_2", decided=True, reason=reason))
    assert desk.public.refunds[-1].shipping_amount == won(fee)


def test_an_unpaid_order_is_cancelled_without_a_refund() -> None:
    desk = a_placed_order().tell(cancel(decided=True))
    assert (desk.public.status, desk.public.refunds) == (OrderStatus.CANCELED, ())
    assert desk.line.cancelled_unpaid == 3


def test_units_cancelled_before_and_after_payment_together_are_refunded_once() -> None:
    desk = a_placed_order(a_line("1", 3, 10_000)).tell(cancel("clm_1", {"1": 1}, decided=True))
    desk.tell(paid(9_667), cancel("clm_2", decided=True))
    assert [refund.amount.amount for refund in desk.public.refunds] == [9_667]


def test_a_goodwill_refund_given_before_is_not_given_again() -> None:
    desk = a_paid_order(a_line("1", 2, 10_000), fee=500)
    desk.tell(goodwill(goods={"1": 6_000}, shipping=200), cancel(decided=True))
    assert [refund.amount.amount for refund in desk.public.refunds] == [6_200, 4_300]


def test_a_request_rejected_or_withdrawn_gives_its_units_back() -> None:
    for answer, told, line_status in (
        (REJECT, "ClaimRejected", ClaimStatus.CANCEL_REJECT),
        (WITHDRAW, "ClaimWithdrawn", None),
    ):
        desk = an_order_to_ship().tell(cancel(), answer)
        assert desk.event_types[-1] == told
        assert (desk.line.cancel_open, desk.line.claim_status) == (0, line_status)
        desk.tell(cancel("clm_2", decided=True))
        assert desk.public.status is OrderStatus.CANCELED


def test_an_answer_told_twice_changes_nothing_and_another_answer_is_refused() -> None:
    desk = an_order_to_ship().tell(cancel(), REJECT, REJECT)
    assert desk.event_types.count("ClaimRejected") == 1
    assert desk.tell(APPROVE).refused == [("ILLEGAL_MOVE", "claim_id")]


def test_an_answer_before_its_request_waits_for_it() -> None:
    desk = an_order_to_ship().tell(APPROVE)
    assert len(desk.held) == 1
    assert desk.tell(cancel()).public.status is OrderStatus.CANCELED


def test_what_was_sent_cannot_be_cancelled() -> None:
    assert an_order_to_ship().tell(shipped(), cancel()).refused == [("ILLEGAL_MOVE", None)]


def test_units_asked_to_cancel_cannot_be_asked_again() -> None:
    desk = an_order_to_ship(a_line("1", 3)).tell(cancel("clm_1", {"1": 2}), cancel("clm_2", {"1": 2}))
    assert desk.refused == [("ILLEGAL_MOVE", "lines.0.quantity")]


def test_the_same_claim_with_other_content_is_refused() -> None:
    desk = an_order_to_ship().tell(cancel("clm_1", {"1": 1}), cancel("clm_1", {"1": 2}))
    assert desk.refused == [("ILLEGAL_MOVE", "claim_id")]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"type": ClaimType.EXCHANGE}, "lines"),
        ({"reason": Reason.BROKEN}, "reason"),
        ({"wanted": {"9": 1}}, "lines.0.line_id"),
        ({"wanted": {"1": 4}}, "lines.0.quantity"),
    ],
)
def test_a_wrong_request_is_named_at_its_field(wrong: dict[str, object], field: str) -> None:
    assert an_order_to_ship().tell(cancel(**wrong)).refused == [("INVALID", field)]  # type: ignore[arg-type]


def test_a_buyer_asks_and_withdraws_but_does_not_approve() -> None:
    desk = an_order_to_ship()
    desk.ask(cancel(), BUYER)
    for forbidden in (APPROVE, REJECT, cancel("clm_2", decided=True)):
        with pytest.raises(IllegalMove):
            desk.ask(forbidden, BUYER)
    desk.ask(WITHDRAW, BUYER)
    assert desk.public.claims[0].status is ClaimStatus.WITHDRAWN


def test_an_order_takes_only_so_many_claims() -> None:
    desk = an_order_to_ship()
    for n in range(MAX_CLAIMS):
        desk.tell(cancel(f"clm_{n}", {"1": 1}), decided(ClaimDecision.REJECTED, f"clm_{n}"))
    assert desk.tell(cancel("clm_last")).refused == [("ILLEGAL_MOVE", "claim_id")]


def test_what_an_open_request_does_not_cover_may_be_asked_for_by_another() -> None:
    desk = an_order_to_ship().tell(cancel("clm_1", {"1": 1}), cancel("clm_2", {"1": 1}))
    assert (desk.line.cancel_open, desk.parked) == (2, [])
    desk.ask(cancel("clm_3"), BUYER)
    assert (desk.line.cancel_open, desk.public.claims[-1].lines[0].quantity) == (3, 1)
