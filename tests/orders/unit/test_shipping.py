from datetime import timedelta

import pytest

from shared.contracts.inbox_orders import ShipmentHandedOver
from shared.contracts.order_state import ClaimStatus, OrderStatus
from shared.runtime.decision import IllegalMove, NotYet
from tests.orders.given import (
    BUYER,
    ID,
    Desk,
    a_delivered_order,
    a_line,
    a_paid_order,
    a_placed_order,
    an_order_to_ship,
    cancel,
    delivered,
    paid,
    placed,
    resent,
    sent_back,
    shipped,
    tracked,
)


def test_a_parcel_without_lines_takes_everything_left() -> None:
    desk = an_order_to_ship(a_line("1", 3), a_line("2", 1)).tell(shipped("shp_1", {"1": 1}), shipped("shp_2"))
    assert [line.shipped for line in desk.public.lines] == [3, 1]
    assert desk.public.status is OrderStatus.DELIVERING
    assert desk.event_types[-2:] == ["OrderShipped", "OrderShipped"]


def test_an_order_stands_where_its_least_advanced_line_stands() -> None:
    desk = an_order_to_ship(a_line("1"), a_line("2")).tell(shipped(wanted={"1": 3}))
    assert [line.status for line in desk.public.lines] == [OrderStatus.DELIVERING, OrderStatus.PAYED]
    assert desk.public.status is OrderStatus.PAYED


def test_a_shipment_told_twice_ships_once() -> None:
    desk = an_order_to_ship().tell(shipped(), shipped())
    assert desk.line.shipped == 3
    assert desk.event_types.count("OrderShipped") == 1


def test_a_shipment_told_again_after_its_tracking_was_corrected_changes_nothing() -> None:
    desk = an_order_to_ship().tell(shipped(), tracked("T-9"), shipped())
    assert desk.public.shipments[0].tracking_no == "T-9"
    assert desk.parked == []


def test_the_same_shipment_with_other_content_is_refused() -> None:
    desk = an_order_to_ship().tell(shipped("shp_1", {"1": 1}), shipped("shp_1", {"1": 2}))
    assert desk.refused == [("ILLEGAL_MOVE", "shipment_id")]
    assert desk.line.shipped == 1


def test_a_parcel_that_left_before_its_payment_was_told_waits_for_it() -> None:
    desk = a_placed_order().tell(shipped(), delivered())
    assert len(desk.held) == 2
    desk.tell(paid())
    assert desk.held == {}
    assert desk.public.status is OrderStatus.DELIVERED


def test_a_whole_life_told_backwards_ends_the_same() -> None:
    desk = Desk().tell(delivered(), shipped(), paid(), placed())
    assert desk.held == {}
    assert desk.public.status is OrderStatus.DELIVERED


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        ({"9": 1}, ("INVALID", "lines.0.line_id")),
        ({"1": 4}, ("INVALID", "lines.0.quantity")),
        ({"1": 3}, ("ILLEGAL_MOVE", "lines.0.quantity")),
    ],
)
def test_more_than_is_left_is_refused(wanted: dict[str, int], refusal: tuple[str, str]) -> None:
    desk = an_order_to_ship(a_line("1", 3)).tell(shipped("shp_1", {"1": 1}), shipped("shp_2", wanted))
    assert desk.refused == [refusal]
    assert desk.line.shipped == 1


def test_a_cancelled_order_cannot_be_shipped() -> None:
    assert an_order_to_ship().tell(cancel(decided=True), shipped()).refused == [("ILLEGAL_MOVE", None)]


def test_the_seller_waits_for_the_stock_and_a_carrier_does_not() -> None:
    with pytest.raises(NotYet):
        a_paid_order().ask(shipped())
    assert a_paid_order().tell(shipped()).public.status is OrderStatus.DELIVERING


def test_a_buyer_ships_nothing() -> None:
    with pytest.raises(IllegalMove) as refused:
        an_order_to_ship().ask(shipped(), BUYER)
    assert refused.value.allowed == ("change_recipient", "request_cancel")


def test_the_seller_withdraws_a_cancel_request_explicitly() -> None:
    desk = an_order_to_ship().tell(cancel())
    with pytest.raises(NotYet) as refused:
        desk.ask(shipped())
    assert refused.value.field == "withdraw_cancel_request"
    desk.ask(shipped(withdraw=True))
    assert desk.public.claims[0].status is ClaimStatus.WITHDRAWN
    assert desk.event_types[-2:] == ["ClaimWithdrawn", "OrderShipped"]


def test_units_nobody_asked_to_cancel_are_shipped_freely() -> None:
    desk = an_order_to_ship(a_line("1", 3)).tell(cancel(wanted={"1": 1}))
    desk.ask(shipped(wanted={"1": 2}))
    assert desk.public.claims[0].status is ClaimStatus.CANCEL_REQUEST
    assert (desk.line.shipped, desk.line.cancel_open) == (2, 1)


def test_a_parcel_that_left_takes_its_units_out_of_open_requests() -> None:
    desk = an_order_to_ship(a_line("1", 3), a_line("2", 2))
    desk.tell(cancel("clm_1", {"1": 2}), cancel("clm_2", {"1": 1, "2": 1}), shipped(wanted={"1": 3}))
    first, second = desk.public.claims
    assert first.status is ClaimStatus.WITHDRAWN
    assert (second.status, [part.line_id for part in second.lines]) == (ClaimStatus.CANCEL_REQUEST, ["2"])
    assert [line.cancel_open for line in desk.public.lines] == [0, 1]
    assert desk.event_types[-3:] == ["ClaimWithdrawn", "ClaimWithdrawn", "OrderShipped"]


def test_tracking_is_corrected_until_delivery() -> None:
    desk = an_order_to_ship().tell(shipped(), tracked("T-9"), tracked("T-9"))
    assert desk.event_types.count("TrackingCorrected") == 1
    desk.tell(delivered(), tracked("T-10"))
    assert desk.refused == [("ILLEGAL_MOVE", "shipment_id")]
    assert desk.public.shipments[0].tracking_no == "T-9"


def test_an_earlier_correction_told_again_or_late_changes_nothing() -> None:
    desk = an_order_to_ship().tell(shipped())
    first, never_told = desk.sent(tracked("T-2")), desk.sent(tracked("T-3"))
    desk.deliver(first)
    desk.ask(tracked("T-4"))
    for earlier in (resent(first), never_told):
        desk.deliver(earlier)
    assert (desk.public.shipments[0].tracking_no, desk.event_types.count("TrackingCorrected")) == ("T-4", 2)
    desk.tell(delivered()).deliver(resent(first, 1))
    assert desk.parked == []


def test_a_correction_made_before_delivery_and_told_after_it_is_taken() -> None:
    desk = an_order_to_ship().tell(shipped())
    correction = desk.sent(tracked("T-9"))
    desk.tell(delivered()).deliver(correction)
    assert desk.public.shipments[0].tracking_no == "T-9"


def test_a_delivered_order_is_decided_eight_days_later() -> None:
    desk = an_order_to_ship(a_line("1", 3)).tell(shipped("shp_1", {"1": 1}), shipped("shp_2"), delivered("shp_2"))
    assert (desk.public.status, desk.public.decide_at) == (OrderStatus.DELIVERING, None)
    desk.tell(delivered("shp_1"), delivered("shp_1"))
    assert desk.public.status is OrderStatus.DELIVERED
    assert desk.public.shipments[0].delivered_at is not None
    assert desk.public.decide_at == desk.public.shipments[0].delivered_at + timedelta(days=8)
    assert desk.event_types.count("OrderDelivered") == 2


def test_cancelling_the_rest_of_a_delivered_order_makes_it_delivered() -> None:
    desk = an_order_to_ship(a_line("1", 3)).tell(shipped("shp_1", {"1": 2}), delivered(), cancel(decided=True))
    assert desk.public.status is OrderStatus.DELIVERED
    assert desk.public.shipments[0].delivered_at is not None
    assert desk.public.decide_at == desk.public.shipments[0].delivered_at + timedelta(days=8)


def test_a_delivery_of_an_unknown_parcel_waits_only_while_one_may_still_leave() -> None:
    assert len(an_order_to_ship().tell(delivered("shp_9")).held) == 1
    assert len(an_order_to_ship().tell(shipped(), delivered("shp_9")).held) == 1, "an exchange may send one"
    back = a_delivered_order().tell(sent_back(decided=True), delivered("shp_9"), tracked("T-9", "shp_9"))
    assert back.refused == [("ILLEGAL_MOVE", "shipment_id")] * 2


def test_an_empty_parcel_is_no_parcel() -> None:
    with pytest.raises(ValueError, match="at least 1 item"):
        ShipmentHandedOver(order_id=ID, shipment_id="s", carrier="c", tracking_no="t", lines=())
