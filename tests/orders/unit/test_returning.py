"""Returning: goods come back."""

from datetime import timedelta

import pytest

from services.orders.commands import HoldClaim, ReleaseClaim
from shared.contracts.base import Money
from shared.contracts.inbox_orders import ClaimDecision
from shared.contracts.order_state import ClaimStatus, HoldReason, OrderStatus, Reason, RefundKind, RefundStatus
from shared.runtime.decision import IllegalMove, Invalid, NotYet
from tests.orders.given import (
    BUYER,
    ID,
    Desk,
    a_delivered_order,
    a_line,
    an_order_to_ship,
    cancel,
    collected,
    decided,
    delivered,
    exchange,
    goodwill,
    picked_up,
    refunded,
    resent,
    sent_back,
    shipped,
    won,
)
from tests.orders.invariants import broken

DAY = 24
APPROVE, REJECT, WITHDRAW = map(decided, (ClaimDecision.APPROVED, ClaimDecision.REJECTED, ClaimDecision.WITHDRAWN))


def a_collected_return(**fields: Reason) -> Desk:
    return a_delivered_order().tell(sent_back("clm_1", {"1": 2}, **fields), picked_up(), collected())


def hold(charge: Money | None = None) -> HoldClaim:
    return HoldClaim(order_id=ID, claim_id="clm_1", reason=HoldReason.RETURN_FEE, charge=charge)


def release(*, charge_settled: bool = False) -> ReleaseClaim:
    return ReleaseClaim(order_id=ID, claim_id="clm_1", charge_settled=charge_settled)


def test_a_parcel_that_comes_back_before_it_was_delivered_is_returned_too() -> None:
    desk = an_order_to_ship().tell(shipped(), sent_back("clm_1"), picked_up(), collected())
    assert desk.public.status is OrderStatus.DELIVERING
    assert desk.tell(APPROVE).public.status is OrderStatus.RETURNED


def test_a_return_from_request_to_refund() -> None:
    desk = a_delivered_order().tell(sent_back("clm_1", {"1": 2}))
    assert (desk.line.return_open, desk.line.claim_status) == (2, ClaimStatus.RETURN_REQUEST)
    desk.tell(picked_up())
    assert desk.line.claim_status is ClaimStatus.COLLECTING
    desk.tell(collected(counts={"1": (1, 1)}))
    assert (desk.line.claim_status, desk.line.restocked) == (ClaimStatus.COLLECT_DONE, 0)
    desk.tell(APPROVE)
    assert (desk.line.return_open, desk.line.returned, desk.line.restocked) == (0, 2, 1)
    [refund] = desk.public.refunds
    assert (refund.kind, refund.amount, refund.claim_id) == (RefundKind.RETURN, won(6_667), "clm_1")
    assert desk.public.claims[0].refund_id == refund.refund_id
    assert desk.event_types[-5:] == [
        "ClaimRequested",
        "ClaimCollecting",
        "ClaimCollected",
        "ClaimCompleted",
        "RefundRequested",
    ]
    assert desk.tell(refunded(claim_id="clm_1")).event_types[-1] == "RefundSettled"


def test_the_tracking_of_a_pick_up_is_corrected_until_the_goods_are_back() -> None:
    desk = a_delivered_order().tell(sent_back())
    first, never_told = desk.sent(picked_up()), desk.sent(picked_up(tracking_no="R-3"))
    desk.deliver(first)
    desk.tell(picked_up(tracking_no="R-2"))
    for earlier in (resent(first), never_told):
        desk.deliver(earlier)
    [pickup] = [claim.pickup for claim in desk.public.claims]
    assert pickup and (pickup.tracking_no, pickup.started_at) == ("R-2", first.time)
    assert desk.event_types.count("ClaimCollecting") == 2
    desk.tell(collected()).deliver(resent(first, 1))
    assert desk.tell(picked_up(tracking_no="R-4")).refused == [("ILLEGAL_MOVE", "claim_id")]


def test_messages_of_a_return_find_each_other_in_any_order() -> None:
    desk = a_delivered_order().tell(APPROVE, collected(), picked_up())
    assert len(desk.held) == 3
    desk.tell(sent_back("clm_1", {"1": 2}))
    assert (desk.held, desk.line.returned) == ({}, 2)


def test_all_of_it_returned_ends_the_order_and_the_parts_sum_to_what_was_paid() -> None:
    desk = a_delivered_order(a_line("1", 3, 10_000), fee=3_000)
    for n in range(3):
        desk.tell(sent_back(f"clm_{n}", {"1": 1}, decided=True, reason=Reason.BROKEN))
    assert desk.public.status is OrderStatus.RETURNED
    assert [refund.amount.amount for refund in desk.public.refunds] == [3_334, 3_333, 3_333 + 3_000]


@pytest.mark.parametrize(("reason", "fee"), [(Reason.INTENT_CHANGED, 0), (Reason.BROKEN, 3_000)])
def test_the_shipping_fee_goes_back_where_it_is_the_seller_s_fault(reason: Reason, fee: int) -> None:
    desk = a_delivered_order(fee=3_000).tell(sent_back(decided=True, reason=reason))
    assert desk.public.refunds[0].shipping_amount == won(fee)


def test_cancelled_and_returned_units_of_one_line_share_its_value() -> None:
    desk = an_order_to_ship(a_line("1", 3, 10_000)).tell(cancel("clm_0", {"1": 1}, decided=True))
    desk.tell(shipped(), delivered(), sent_back("clm_1", decided=True))
    assert sum(refund.amount.amount for refund in desk.public.refunds) == 10_000
    assert desk.public.status is OrderStatus.RETURNED


def test_a_return_gives_no_more_than_a_goodwill_refund_left() -> None:
    desk = a_delivered_order(a_line("1", 1, 10_000)).tell(goodwill("rfd_1", {"1": 4_000}))
    assert desk.tell(sent_back(decided=True)).public.refunds[-1].amount == won(6_000)


def test_a_waived_pick_up_puts_nothing_back_on_the_shelf() -> None:
    desk = a_delivered_order().tell(sent_back(), decided(ClaimDecision.APPROVED, waive_pickup=True))
    assert (desk.line.returned, desk.line.restocked) == (3, 0)


def test_a_return_waits_for_its_goods() -> None:
    with pytest.raises(NotYet) as early:
        a_delivered_order().tell(sent_back()).ask(APPROVE)
    assert early.value.field == "waive_pickup"


def test_a_return_that_comes_to_nothing_gives_its_units_back() -> None:
    for answer, told in ((REJECT, "ClaimRejected"), (WITHDRAW, "ClaimWithdrawn")):
        desk = a_delivered_order().tell(sent_back(), answer)
        assert (desk.event_types[-1], desk.line.return_open) == (told, 0)
        assert desk.public.status is OrderStatus.DELIVERED
        assert desk.tell(sent_back("clm_2")).line.return_open == 3


def test_goods_that_are_back_can_be_refused_but_not_withdrawn() -> None:
    assert a_collected_return().tell(REJECT).line.claim_status is ClaimStatus.RETURN_REJECT
    with pytest.raises(IllegalMove):
        a_collected_return().ask(WITHDRAW, BUYER)


def test_several_returns_of_one_line_stand_side_by_side() -> None:
    desk = a_delivered_order().tell(sent_back("clm_1", {"1": 1}), sent_back("clm_2", {"1": 1}))
    assert desk.line.return_open == 2
    desk.tell(decided(ClaimDecision.REJECTED, "clm_1"), picked_up("clm_2"))
    assert (desk.line.return_open, desk.line.claim_status) == (1, ClaimStatus.COLLECTING)
    assert desk.tell(sent_back("clm_3", {"1": 3})).refused == [("ILLEGAL_MOVE", "lines.0.quantity")]


def test_of_several_claims_a_line_says_what_is_owed_then_what_is_open_then_the_latest() -> None:
    desk = an_order_to_ship().tell(cancel("clm_0", {"1": 1}, decided=True), shipped(), delivered())
    desk.tell(sent_back("clm_1", {"1": 1}), picked_up("clm_1"), sent_back("clm_2", {"1": 1}))
    said = []
    for message in (decided(ClaimDecision.REJECTED, "clm_2"), refunded(claim_id="clm_0"), REJECT):
        said.append(desk.tell(message).line.claim_status)
    assert said == [ClaimStatus.CANCELING, ClaimStatus.COLLECTING, ClaimStatus.RETURN_REJECT]


def test_an_open_return_keeps_the_purchase_undecided_and_its_end_starts_the_time_anew() -> None:
    desk = a_delivered_order().tell(sent_back("clm_1", {"1": 1})).wait(20 * DAY)
    assert desk.public.status is OrderStatus.DELIVERED
    desk.tell(REJECT)
    closed = desk.public.claims[0].closed_at
    assert closed is not None
    assert desk.public.decide_at == closed + timedelta(days=8)
    assert desk.wait(9 * DAY).public.status is OrderStatus.PURCHASE_DECIDED


def test_what_is_kept_of_a_line_is_decided() -> None:
    desk = a_delivered_order().tell(sent_back("clm_1", {"1": 1}, decided=True)).wait(20 * DAY)
    assert (desk.line.decided, desk.line.returned) == (2, 1)
    assert desk.public.status is OrderStatus.PURCHASE_DECIDED
    assert desk.tell(sent_back("clm_2", reason=Reason.BROKEN)).refused == [("ILLEGAL_MOVE", None)]


def test_what_is_kept_for_good_does_not_come_back_and_the_answer_says_what_does() -> None:
    desk = a_delivered_order().wait(20 * DAY).tell(sent_back("clm_1", decided=True))
    [parked] = desk.parked
    assert (parked.fault.error, "goodwill" in parked.fault.sentence) == ("ILLEGAL_MOVE", True)
    with pytest.raises(IllegalMove, match="goodwill") as refused:
        desk.ask(sent_back("clm_2", reason=Reason.BROKEN))
    assert "refund" in refused.value.allowed


def test_a_return_on_hold_stands_still_and_its_charge_is_taken_off() -> None:
    desk = a_collected_return()
    desk.ask(hold(won(3_000)))
    with pytest.raises(NotYet):
        desk.ask(APPROVE)
    desk.ask(release())
    desk.ask(APPROVE)
    [refund] = desk.public.refunds
    assert (refund.amount, refund.charge) == (won(3_667), won(3_000))
    assert [t for t in desk.event_types if t in ("ClaimHeld", "ClaimReleased")] == ["ClaimHeld", "ClaimReleased"]


def test_a_charge_that_is_settled_is_not_taken_off_and_none_takes_more_than_there_is() -> None:
    settled, dear = a_collected_return(), a_collected_return()
    settled.ask(hold(won(3_000)))
    settled.ask(release(charge_settled=True))
    assert settled.ask(APPROVE).refunds[0].amount == won(6_667)
    dear.ask(hold(won(90_000)))
    dear.ask(release())
    [refund] = dear.ask(APPROVE).refunds
    assert (refund.amount, refund.charge, refund.status) == (won(0), won(6_667), RefundStatus.SETTLED)
    assert (dear.event_types[-1], broken(dear.public)) == ("RefundSettled", [])


def test_a_charge_still_owed_outlasts_another_hold_that_names_none() -> None:
    again, corrected = a_collected_return(), a_collected_return()
    for desk, charge in ((again, None), (corrected, won(1_000))):
        desk.ask(hold(won(3_000)))
        desk.ask(release())
        desk.ask(hold(charge))
        desk.ask(release())
    assert again.ask(APPROVE).refunds[0].charge == won(3_000)
    assert corrected.ask(APPROVE).refunds[0].charge == won(1_000)


def test_holding_and_counting_twice_changes_nothing() -> None:
    desk = a_collected_return().tell(picked_up(), collected())
    desk.ask(hold())
    desk.ask(hold())
    desk.ask(release())
    desk.ask(release())
    assert [desk.event_types.count(t) for t in ("ClaimCollecting", "ClaimCollected", "ClaimHeld")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("counts", "field"),
    [({"1": (1, 0)}, "lines.0"), ({"9": (1, 0)}, "lines.0"), ({"1": (2, 1)}, "lines.0"), ({"2": (1, 0)}, "lines")],
)
def test_every_unit_that_comes_back_is_counted(counts: dict[str, tuple[int, int]], field: str) -> None:
    desk = a_delivered_order(a_line("1", 2), a_line("2", 1)).tell(sent_back(), picked_up())
    with pytest.raises(Invalid) as wrong:
        desk.ask(collected(counts=counts))
    assert wrong.value.field == field


def test_only_what_has_left_is_sent_back_and_what_is_told_before_its_parcel_waits() -> None:
    assert len(an_order_to_ship().tell(sent_back()).held) == 1
    for asked in (sent_back("clm_1", {"1": 2}), exchange("clm_1", {"1": 2})):
        desk = an_order_to_ship().tell(shipped("shp_1", {"1": 1}))
        with pytest.raises(NotYet) as early:
            desk.ask(asked)
        assert early.value.field == "lines.0.quantity"
        desk.tell(asked, shipped("shp_2", {"1": 1}))
        assert (desk.line.return_open + desk.line.exchange_open, desk.held, desk.parked) == (2, {}, [])


def test_more_than_will_ever_be_with_the_customer_is_not_waited_for() -> None:
    desk = an_order_to_ship(a_line("1", 3), a_line("2", 2)).tell(shipped("shp_1", {"1": 1, "2": 2}))
    desk.tell(cancel("clm_0", {"1": 1}, decided=True), sent_back("clm_1", {"2": 1}))
    desk.tell(sent_back("clm_2", {"1": 3}), sent_back("clm_3", {"1": 2, "2": 2}))
    assert desk.refused == [("ILLEGAL_MOVE", "lines.0.quantity"), ("ILLEGAL_MOVE", "lines.1.quantity")]


def test_a_charge_is_in_the_order_s_currency_and_a_buyer_holds_nothing() -> None:
    with pytest.raises(Invalid) as wrong:
        a_collected_return().ask(hold(Money(amount=1, currency="USD")))
    assert wrong.value.field == "charge.currency"
    with pytest.raises(IllegalMove):
        a_collected_return().ask(hold(), BUYER)
