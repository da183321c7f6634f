"""Exchanging: other goods are sent in place of those that came back."""

import json
from datetime import timedelta

import pytest

from services.orders.commands import ConvertToReturn, DecidePurchase, FinishExchange, HoldClaim, ReleaseClaim
from services.orders.domain.moves import allowed_actions
from services.orders.domain.order import is_held
from shared.contracts.inbox_orders import ClaimDecision, ClaimPart, ClaimSubmitted
from shared.contracts.order_state import ClaimStatus, ClaimType, HoldReason, OrderStatus, Reason, StockStatus
from shared.runtime.decision import IllegalMove, NotYet
from tests.orders.given import (
    BUYER,
    ID,
    a_delivered_order,
    a_line,
    an_exchange_to_send,
    an_exchanged_order,
    an_order_to_ship,
    collected,
    decided,
    delivered,
    exchange,
    picked_up,
    rejected,
    replaced,
    resent,
    reserved,
    sent_back,
    shipped,
    tracked,
    won,
)
from tests.orders.invariants import broken

DECIDE = DecidePurchase(order_id=ID)
CONVERT = ConvertToReturn(order_id=ID, claim_id="clm_0")
FINISH = FinishExchange(order_id=ID, claim_id="clm_0")
HOLD = HoldClaim(order_id=ID, claim_id="clm_0", reason=HoldReason.EXTRA_FEE, charge=won(2_500))
RELEASE = ReleaseClaim(order_id=ID, claim_id="clm_0")


def test_an_exchange_from_request_to_end() -> None:
    desk = a_delivered_order().tell(exchange("clm_1", {"1": 2}))
    claim = desk.public.claims[0]
    assert (claim.lines[0].option_id, claim.lines[0].target_option_id) == ("default", "blue")
    assert (desk.line.exchange_open, claim.replacement_stock) == (2, StockStatus.PENDING)
    desk.tell(picked_up(), collected(counts={"1": (1, 1)})).catalog_says(reserved(claim_id="clm_1"))
    desk.ask(replaced("clm_1"))
    assert desk.line.claim_status is ClaimStatus.EXCHANGE_REDELIVERING
    desk.tell(delivered("shp_9"))
    assert (desk.line.exchange_open, desk.line.exchanged, desk.line.restocked) == (0, 2, 1)
    assert desk.event_types[-6:] == [
        "ClaimRequested",
        "ClaimCollecting",
        "ClaimCollected",
        "ReplacementAnswered",
        "ReplacementShipped",
        "ClaimCompleted",
    ]
    assert desk.public.refunds == ()


def test_a_whole_exchange_ends_the_order_exchanged_and_a_part_of_it_decided() -> None:
    whole = an_exchange_to_send(a_line("1", 1)).tell(replaced("clm_0"), delivered("shp_9"))
    assert whole.public.status is OrderStatus.EXCHANGED
    part = an_exchanged_order().wait(9 * 24)
    assert (part.line.decided, part.line.exchanged) == (2, 1)
    assert part.public.status is OrderStatus.PURCHASE_DECIDED


def test_a_replacement_waits_for_the_goods_and_for_catalog() -> None:
    desk = a_delivered_order().tell(exchange("clm_0"), picked_up("clm_0"))
    with pytest.raises(NotYet):
        desk.ask(replaced("clm_0"))
    desk.tell(collected("clm_0"))
    with pytest.raises(NotYet, match="catalog"):
        desk.ask(replaced("clm_0"))
    carrier = a_delivered_order().tell(exchange("clm_0"), picked_up("clm_0"), collected("clm_0"), replaced("clm_0"))
    assert carrier.line.claim_status is ClaimStatus.EXCHANGE_REDELIVERING


def test_a_replacement_is_of_what_its_claim_exchanges() -> None:
    for wrong in ({"1": 2}, {"2": 1}, {"1": 1, "2": 1}):
        desk = an_exchange_to_send(a_line("1"), a_line("2")).tell(replaced("clm_0", wanted=wrong))
        assert (desk.refused, desk.public.claims[0].replacement) == ([("INVALID", "lines")], None)
    desk.tell(replaced("clm_0", wanted={"1": 1}))
    assert desk.public.claims[0].status is ClaimStatus.EXCHANGE_REDELIVERING


def test_an_exchange_on_hold_stands_still() -> None:
    desk = an_exchange_to_send()
    desk.ask(HoldClaim(order_id=ID, claim_id="clm_0", reason=HoldReason.EXTRA_FEE))
    with pytest.raises(NotYet, match="on hold"):
        desk.ask(replaced("clm_0"))


def test_a_charge_for_an_exchange_is_settled_or_taken_off_the_return_it_becomes() -> None:
    settled, converted = an_exchange_to_send(), an_exchange_to_send()
    for desk in (settled, converted):
        desk.ask(HOLD)
        with pytest.raises(IllegalMove, match="pays nothing back") as refused:
            desk.ask(RELEASE)
        assert refused.value.field == "charge_settled"
    settled.ask(RELEASE.model_copy(update={"charge_settled": True}))
    assert settled.ask(replaced("clm_0")).claims[0].status is ClaimStatus.EXCHANGE_REDELIVERING
    for message in (CONVERT, RELEASE, decided(ClaimDecision.APPROVED, "clm_0")):
        converted.ask(message)
    assert (converted.public.refunds[0].charge, converted.public.refunds[0].amount) == (won(2_500), won(834))


def test_a_hold_without_a_charge_is_released_as_it_is() -> None:
    for nothing in (None, won(0)):
        desk = an_exchange_to_send()
        desk.ask(HOLD.model_copy(update={"charge": nothing}))
        assert not is_held(desk.ask(RELEASE).claims[0])


def test_what_is_exchanged_for_goods_that_never_arrived_ends_the_order_too() -> None:
    desk = an_order_to_ship().tell(shipped("shp_1", {"1": 1}), shipped("shp_2", {"1": 2}), exchange("clm_0"))
    desk.tell(picked_up("clm_0"), collected("clm_0")).catalog_says(reserved(claim_id="clm_0"))
    desk.tell(replaced("clm_0"), delivered("shp_9"), delivered("shp_2"))
    assert desk.public.status is OrderStatus.DELIVERED
    desk.wait(9 * 24)
    assert (desk.line.decided, desk.line.exchanged, desk.public.status) == (2, 1, OrderStatus.PURCHASE_DECIDED)
    whole = an_order_to_ship().tell(shipped("shp_1"), exchange("clm_0", {"1": 3}), picked_up("clm_0"))
    whole.tell(collected("clm_0"), replaced("clm_0"), delivered("shp_9"))
    assert whole.public.status is OrderStatus.EXCHANGED


def test_a_replacement_of_goods_that_never_arrived_has_arrived_while_it_is_asked_back() -> None:
    desk = an_order_to_ship(a_line(quantity=1)).tell(shipped("shp_0"), exchange("clm_0"), picked_up("clm_0"))
    desk.tell(collected("clm_0")).catalog_says(reserved(claim_id="clm_0")).tell(replaced("clm_0"), delivered("shp_9"))
    for again in (sent_back("clm_1"), exchange("clm_2", target="default")):
        assert desk.tell(again).public.status is OrderStatus.DELIVERED
        assert desk.tell(decided(ClaimDecision.WITHDRAWN, again.claim_id)).public.status is OrderStatus.EXCHANGED


def test_what_is_exchanged_twice_leaves_the_other_units_to_be_decided() -> None:
    desk = a_delivered_order()
    for id, target in (("clm_1", "blue"), ("clm_2", "red")):
        desk.tell(exchange(id, {"1": 2}, target), picked_up(id), collected(id)).catalog_says(reserved(claim_id=id))
        desk.tell(replaced(id, f"shp_{id}"), delivered(f"shp_{id}"))
        assert (desk.line.exchanged, desk.public.status) == (2, OrderStatus.DELIVERED)
    desk.tell(sent_back("clm_3", {"1": 2}), decided(ClaimDecision.APPROVED, "clm_3", waive_pickup=True))
    assert (desk.line.returned, desk.line.exchanged, desk.wait(9 * 24).line.decided) == (2, 0, 1)
    assert broken(desk.public) == []


def test_without_a_replacement_it_becomes_a_return() -> None:
    desk = a_delivered_order().tell(exchange("clm_0"), picked_up("clm_0"), collected("clm_0"))
    desk.catalog_says(rejected(claim_id="clm_0"))
    assert desk.public.claims[0].replacement_stock is StockStatus.REJECTED
    desk.ask(CONVERT)
    desk.ask(CONVERT)
    claim = desk.public.claims[0]
    assert (claim.type, claim.status, desk.line.return_open) == (ClaimType.RETURN, ClaimStatus.COLLECT_DONE, 1)
    assert desk.event_types.count("ClaimConverted") == 1
    desk.tell(decided(ClaimDecision.APPROVED, "clm_0"))
    assert (desk.line.returned, desk.public.refunds[0].amount) == (1, won(3_334))


def test_an_answer_of_catalog_that_comes_too_late_changes_nothing() -> None:
    desk = a_delivered_order().tell(exchange("clm_0"))
    desk.ask(CONVERT)
    before = desk.public
    assert desk.catalog_says(reserved(claim_id="clm_0")).public == before


def test_an_exchange_is_refused_withdrawn_or_sent_but_never_approved() -> None:
    for answer, told in ((ClaimDecision.REJECTED, "ClaimRejected"), (ClaimDecision.WITHDRAWN, "ClaimWithdrawn")):
        desk = a_delivered_order().tell(exchange("clm_0"), decided(answer, "clm_0"))
        assert (desk.event_types[-1], desk.line.exchange_open) == (told, 0)
    with pytest.raises(IllegalMove) as refused:
        an_exchange_to_send().ask(decided(ClaimDecision.APPROVED, "clm_0"))
    assert refused.value.field == "decision"


def test_a_unit_that_was_exchanged_may_be_claimed_again_as_what_it_is_now() -> None:
    desk = an_exchanged_order().tell(sent_back("clm_1", {"1": 2}, decided=True))
    assert desk.public.claims[1].lines[0].option_id == "default"
    desk.tell(sent_back("clm_2", {"1": 1}))
    assert desk.public.claims[2].lines[0].option_id == "blue"
    assert (desk.line.exchanged, desk.line.return_open, desk.line.returned) == (0, 1, 2)
    desk.tell(decided(ClaimDecision.REJECTED, "clm_2"))
    assert desk.line.exchanged == 1


def test_a_replacement_has_its_own_time_to_be_sent_back() -> None:
    desk = an_exchange_to_send().wait(9 * 24).tell(replaced("clm_0"), delivered("shp_9"))
    assert desk.wait(6 * 24).tell(sent_back("clm_1", {"1": 1})).line.return_open == 1
    late = an_exchange_to_send().wait(9 * 24).tell(replaced("clm_0"), delivered("shp_9")).wait(7 * 24)
    assert late.tell(sent_back("clm_1", {"1": 1})).refused == [("ILLEGAL_MOVE", "lines.0")]


@pytest.mark.parametrize(
    "claim", [sent_back(reason=Reason.BROKEN), sent_back(decided=True), exchange(reason=Reason.BROKEN)]
)
def test_what_an_exchange_sent_is_kept_for_good_with_the_rest(claim: ClaimSubmitted) -> None:
    desk = an_exchanged_order().wait(7 * 24)
    assert {"request_return", "request_exchange"} <= set(allowed_actions(desk.public, "buyer"))
    desk.wait(2 * 24).tell(claim)
    assert desk.refused == [("ILLEGAL_MOVE", None)]
    assert (allowed_actions(desk.public, "buyer"), broken(desk.public)) == ([], [])
    assert (desk.line.decided, desk.line.exchanged, desk.public.status) == (2, 1, OrderStatus.PURCHASE_DECIDED)


def test_where_all_is_exchanged_the_time_runs_too_and_starts_anew_with_the_end_of_a_claim() -> None:
    desk = an_exchange_to_send(a_line("1", 1)).tell(replaced("clm_0"), delivered("shp_9")).wait(7 * 24)
    desk.tell(sent_back("clm_1", reason=Reason.BROKEN), decided(ClaimDecision.REJECTED, "clm_1")).wait(7 * 24)
    closed = desk.public.claims[-1].closed_at
    assert closed is not None
    assert "PurchaseDecided" not in desk.event_types
    desk.wait(30 * 24)
    assert (desk.public.exchanges_decided_at, desk.public.status) == (closed + timedelta(days=8), OrderStatus.EXCHANGED)
    told = json.loads(desk.events[-1].data)
    assert (desk.event_types.count("PurchaseDecided"), told["lines"]) == (1, [{"line_id": "1", "quantity": 1}])
    assert desk.tell(sent_back("clm_2", reason=Reason.BROKEN)).refused == [("ILLEGAL_MOVE", None)]


def test_a_buyer_keeps_what_an_exchange_sent() -> None:
    desk = an_exchange_to_send(a_line("1", 1)).tell(replaced("clm_0"), delivered("shp_9"))
    desk.ask(DECIDE, BUYER)
    desk.ask(DECIDE, BUYER)
    assert (desk.event_types.count("PurchaseDecided"), desk.public.status) == (1, OrderStatus.EXCHANGED)
    with pytest.raises(IllegalMove, match="goodwill"):
        desk.ask(sent_back("clm_1", reason=Reason.BROKEN), BUYER)
    assert desk.tell(delivered("shp_7")).refused == [("ILLEGAL_MOVE", "shipment_id")]


def test_what_is_exchanged_after_the_rest_was_kept_has_its_own_time() -> None:
    desk = an_order_to_ship().tell(shipped("shp_1", {"1": 2}), delivered("shp_1"))
    desk.ask(DECIDE, BUYER)
    desk.tell(shipped("shp_2"), delivered("shp_2"), exchange("clm_0"), picked_up("clm_0"), collected("clm_0"))
    desk.tell(replaced("clm_0"), delivered("shp_9")).wait(6 * 24)
    assert (desk.public.status, desk.public.exchanges_decided_at) == (OrderStatus.PURCHASE_DECIDED, None)
    assert "request_return" in allowed_actions(desk.public, "buyer")
    assert desk.wait(3 * 24).public.exchanges_decided_at == desk.public.decide_at


def test_the_tracking_of_a_replacement_is_corrected_until_it_is_there() -> None:
    desk = an_exchange_to_send().tell(replaced("clm_0"))
    earlier = desk.sent(tracked("T-2", "shp_9"))
    desk.deliver(earlier)
    desk.tell(tracked("T-2", "shp_9"))
    assert desk.event_types.count("TrackingCorrected") == 1
    assert {"correct_tracking", "deliver"} <= set(allowed_actions(desk.public, "seller"))
    late = desk.sent(tracked("T-3", "shp_9"))
    desk.tell(delivered("shp_9"), tracked("T-4", "shp_9")).deliver(late)
    desk.deliver(resent(earlier))
    [claim] = desk.public.claims
    assert claim.replacement is not None
    assert (claim.replacement.tracking_no, claim.status) == ("T-3", ClaimStatus.EXCHANGE_DONE)
    assert desk.refused == [("ILLEGAL_MOVE", "shipment_id")]


def test_what_a_carrier_tells_of_a_replacement_before_the_exchange_is_known_waits() -> None:
    desk = a_delivered_order().tell(tracked("T-2", "shp_9"), delivered("shp_9"), replaced("clm_0"))
    assert len(desk.held) == 3
    desk.tell(collected("clm_0"), picked_up("clm_0"), exchange("clm_0"))
    assert (desk.held, desk.parked) == ({}, [])
    [claim] = desk.public.claims
    assert claim.replacement is not None
    assert (claim.status, claim.replacement.tracking_no) == (ClaimStatus.EXCHANGE_DONE, "T-2")


def test_told_twice_it_happens_once() -> None:
    desk = an_exchange_to_send().tell(replaced("clm_0"), replaced("clm_0"), delivered("shp_9"), delivered("shp_9"))
    desk.ask(FINISH)
    assert [desk.event_types.count(t) for t in ("ReplacementShipped", "ClaimCompleted")] == [1, 1]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"lines": None}, "lines"),
        ({"decided": True}, "decided"),
        ({"lines": (ClaimPart(line_id="1", quantity=1),)}, "lines.0.target_option_id"),
        ({"type": ClaimType.RETURN}, "lines.0.target_option_id"),
    ],
)
def test_a_wrong_exchange_is_named_at_its_field(wrong: dict[str, object], field: str) -> None:
    assert a_delivered_order().tell(exchange(**wrong)).refused == [("INVALID", field)]  # type: ignore[arg-type]


def test_a_buyer_sends_and_converts_nothing() -> None:
    for message in (CONVERT, FINISH, replaced("clm_0")):
        with pytest.raises(IllegalMove):
            an_exchange_to_send().ask(message, BUYER)
