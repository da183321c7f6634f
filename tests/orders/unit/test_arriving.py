"""What arrived, is on its way or came back from it: how long it can be asked back, and what is waited for."""

import pytest

from shared.contracts.inbox_orders import ClaimDecision
from shared.contracts.order_state import OrderStatus, Reason
from shared.runtime.decision import IllegalMove
from tests.orders.given import (
    BUYER,
    Desk,
    a_delivered_order,
    a_line,
    an_order_to_ship,
    collected,
    decided,
    delivered,
    picked_up,
    sent_back,
    shipped,
)
from tests.orders.invariants import broken

DAY = 24
APPROVE = decided(ClaimDecision.APPROVED)


def two_parcels() -> Desk:
    return an_order_to_ship().tell(shipped("shp_1", {"1": 1}), shipped("shp_2", {"1": 2}))


def test_a_change_of_mind_has_a_week_from_the_delivery_on_and_a_fault_of_the_seller_s_has_no_end() -> None:
    desk = a_delivered_order().wait(7 * DAY)
    with pytest.raises(IllegalMove) as late:
        desk.ask(sent_back(), BUYER)
    assert late.value.field == "lines"
    assert desk.ask(sent_back("clm_2", reason=Reason.BROKEN), BUYER).lines[0].return_open == 3
    in_time = a_delivered_order().wait(6 * DAY)
    assert in_time.ask(sent_back(), BUYER).lines[0].return_open == 3


def test_no_line_is_asked_back_in_the_time_of_another() -> None:
    desk = an_order_to_ship(a_line("1"), a_line("2")).tell(shipped("shp_1", {"1": 3}), delivered("shp_1"))
    desk.wait(8 * DAY).tell(shipped("shp_2", {"2": 3}), delivered("shp_2"))
    for wanted, field in (({"1": 1}, "lines.0"), ({"2": 1, "1": 1}, "lines.1"), (None, "lines")):
        with pytest.raises(IllegalMove) as late:
            desk.ask(sent_back(wanted=wanted), BUYER)
        assert late.value.field == field
    assert desk.ask(sent_back(wanted={"2": 3}), BUYER).lines[1].return_open == 3


def test_what_is_still_on_its_way_can_be_asked_back_and_what_came_long_ago_cannot() -> None:
    desk = two_parcels().tell(delivered("shp_1")).wait(8 * DAY)
    with pytest.raises(IllegalMove, match="2 units may still be asked back") as late:
        desk.ask(sent_back(wanted={"1": 3}), BUYER)
    assert late.value.field == "lines.0"
    assert desk.ask(sent_back(wanted={"1": 2}), BUYER).lines[0].return_open == 2
    desk.tell(decided(ClaimDecision.WITHDRAWN), delivered("shp_2")).wait(6 * DAY)
    with pytest.raises(IllegalMove, match="2 units may still be asked back"):
        desk.ask(sent_back("clm_2"), BUYER)
    assert desk.ask(sent_back("clm_2", {"1": 2}), BUYER).lines[0].return_open == 2


def test_what_came_back_from_its_way_leaves_the_others_their_own_time() -> None:
    desk = two_parcels().tell(sent_back("clm_1", {"1": 1}, decided=True), delivered("shp_2"))
    with pytest.raises(IllegalMove, match="0 units may still be asked back"):
        desk.wait(7 * DAY).ask(sent_back("clm_2", {"1": 1}), BUYER)


def test_what_a_marketplace_has_decided_is_not_judged_by_our_window() -> None:
    desk = a_delivered_order().wait(7 * DAY + 12).tell(sent_back(decided=True))
    assert desk.public.status is OrderStatus.RETURNED


@pytest.mark.parametrize("waived", [True, False])
def test_what_comes_back_from_its_way_is_not_waited_for(*, waived: bool) -> None:
    desk = two_parcels()
    if waived:
        desk.tell(sent_back("clm_1", {"1": 1}, decided=True))
    else:
        desk.tell(sent_back("clm_1", {"1": 1}), picked_up(), collected(), APPROVE)
    assert desk.public.status is OrderStatus.DELIVERING
    assert desk.tell(delivered("shp_2")).line.status is OrderStatus.DELIVERED
    desk.wait(10 * DAY)
    assert (desk.line.decided, desk.public.status) == (2, OrderStatus.PURCHASE_DECIDED)


def test_a_parcel_on_its_way_is_waited_for_while_what_came_back_may_be_of_another() -> None:
    desk = two_parcels().tell(delivered("shp_2"), sent_back("clm_1", {"1": 1}), picked_up(), collected(), APPROVE)
    assert desk.public.status is OrderStatus.DELIVERING
    assert desk.tell(delivered("shp_1")).public.status is OrderStatus.DELIVERED
    assert desk.wait(10 * DAY).line.decided == 2


def test_a_parcel_thought_lost_that_arrives_after_all_is_no_unit_more() -> None:
    desk = two_parcels().tell(sent_back("clm_1", {"1": 1}, decided=True), delivered("shp_2"), delivered("shp_1"))
    assert desk.wait(10 * DAY).line.decided == 2
    assert broken(desk.public) == []
