"""What an order does when nobody does anything: it expires, is overdue, counts as kept."""

from datetime import datetime, timedelta

import pytest

from services.orders.commands import ConfirmOrder, DecidePurchase
from shared.contracts.inbox_orders import ClaimDecision
from shared.contracts.order_state import ClaimStatus, DelayReason, OrderStatus, RefundKind, RefundStatus
from shared.runtime.decision import IllegalMove, Invalid, NotYet
from tests.orders.given import (
    BUYER,
    ID,
    SELLER,
    Desk,
    a_line,
    a_paid_order,
    a_placed_order,
    an_order_to_ship,
    cancel,
    decided,
    delivered,
    paid,
    placed,
    postponed,
    reserved,
    shipped,
)
from tests.support.memory import T0

DAY = 24
DECIDE = DecidePurchase(order_id=ID)


def promised_by(desk: Desk) -> datetime:
    ship_by = desk.public.ship_by
    assert ship_by is not None
    return ship_by


def test_an_order_nobody_pays_expires_at_its_deadline() -> None:
    desk = a_placed_order(a_line("1"), a_line("2")).catalog_says(reserved()).wait(30)
    assert desk.public.status is OrderStatus.CANCELED_BY_NOPAYMENT
    assert [(line.cancelled, line.cancelled_unpaid) for line in desk.public.lines] == [(3, 3)] * 2
    assert (desk.event_types[-1], desk.events[-1].time) == ("OrderExpired", desk.public.pay_by)


def test_a_clock_that_jumps_back_and_forth_tells_each_deadline_once() -> None:
    desk = a_placed_order()
    for hours in (2, 30, 1, 60):
        desk.pass_time(T0 + timedelta(hours=hours))
    assert desk.event_types == ["OrderPlaced", "OrderExpired"]


def test_a_paid_order_does_not_expire() -> None:
    assert a_paid_order().wait(100 * DAY).public.status is OrderStatus.PAYED


def test_money_for_an_expired_order_goes_back() -> None:
    desk = a_placed_order().wait(30).tell(paid())
    [refund] = desk.public.refunds
    assert (refund.kind, refund.status) == (RefundKind.LATE_PAYMENT, RefundStatus.REQUESTED)
    assert desk.public.paid_at is None


def test_an_open_request_is_granted_when_its_order_expires() -> None:
    desk = a_placed_order().tell(cancel("clm_1", {"1": 1})).wait(30)
    assert desk.public.claims[0].status is ClaimStatus.CANCEL_DONE
    assert desk.public.status is OrderStatus.CANCELED_BY_NOPAYMENT
    assert desk.event_types[-3:] == ["ClaimApproved", "ClaimCompleted", "OrderExpired"]
    whole = a_placed_order().tell(cancel("clm_1")).wait(30)
    assert whole.public.status is OrderStatus.CANCELED


def test_a_line_that_was_asked_back_is_not_cancelled_by_the_deadline_and_its_order_is() -> None:
    desk = a_placed_order(a_line("1"), a_line("2"), a_line("3")).tell(cancel("clm_1", {"1": 3, "2": 2}, decided=True))
    desk.tell(cancel("clm_2", {"3": 3})).wait(30)
    by_claim, by_deadline = OrderStatus.CANCELED, OrderStatus.CANCELED_BY_NOPAYMENT
    assert [line.status for line in desk.public.lines] == [by_claim, by_deadline, by_claim]
    assert desk.public.status is by_deadline


def test_what_costs_nothing_is_paid_once_the_rest_is_cancelled_and_does_not_expire() -> None:
    desk = a_placed_order(a_line("1", 1, 10_000), a_line("2", 1, 0), fee=0).tell(cancel("clm_1", {"1": 1})).wait(30)
    assert (desk.public.status, desk.public.expired_at) == (OrderStatus.PAYED, None)
    assert desk.event_types[-1] == "OrderPaid"


def test_history_told_late_brings_its_own_payment() -> None:
    """Placed a year ago as of the clock: the deadline is past, and the payment is in the next message."""
    desk = Desk()
    desk.wall = T0 + timedelta(days=365)
    desk.tell(placed(), paid())
    desk.pass_time(desk.wall + timedelta(days=2))
    assert desk.public.status is OrderStatus.PAYED


def test_a_promise_that_passes_is_told_once() -> None:
    desk = an_order_to_ship()
    desk.ask(ConfirmOrder(order_id=ID))
    ship_by = promised_by(desk)
    desk.wait(20 * DAY)
    assert desk.event_types.count("DispatchOverdue") == 1
    assert (desk.public.overdue_since, desk.events[-1].time) == (ship_by, ship_by)
    assert desk.tell(shipped()).public.overdue_since is None


def test_a_delay_moves_the_promise_and_keeps_the_old_one() -> None:
    desk = an_order_to_ship()
    desk.ask(ConfirmOrder(order_id=ID))
    first, later = promised_by(desk), T0 + timedelta(days=10)
    desk.ask(postponed(later))
    [delay] = desk.public.delays
    assert (delay.promised, delay.ship_by, delay.reason) == (first, later, DelayReason.PRODUCT_PREPARE)
    assert desk.event_types[-1] == "DispatchDelayed"
    desk.wait(11 * DAY)
    assert [e.time for e in desk.events if "DispatchOverdue" in e.type] == [later]


def test_after_a_delay_the_new_promise_may_pass_too() -> None:
    desk = an_order_to_ship()
    desk.ask(ConfirmOrder(order_id=ID))
    desk.wait(10 * DAY).ask(postponed(T0 + timedelta(days=20)))
    assert desk.public.overdue_since is None
    desk.wait(15 * DAY)
    assert desk.event_types.count("DispatchOverdue") == 2


def test_confirming_does_not_promise_earlier_than_a_delay_said() -> None:
    desk = an_order_to_ship()
    later = T0 + timedelta(days=10)
    desk.ask(postponed(later))
    assert desk.ask(ConfirmOrder(order_id=ID)).ship_by == later


def test_confirming_after_an_announced_day_passed_promises_anew() -> None:
    desk = an_order_to_ship().tell(postponed(T0 + timedelta(days=2))).wait(3 * DAY)
    assert desk.public.overdue_since is not None
    assert desk.ask(ConfirmOrder(order_id=ID)).overdue_since is None
    assert promised_by(desk) > T0 + timedelta(days=3)


@pytest.mark.parametrize("ship_by", [T0, T0 + timedelta(days=1)])
def test_a_delay_is_later_than_now_and_than_what_is_promised(ship_by: datetime) -> None:
    desk = an_order_to_ship()
    desk.ask(ConfirmOrder(order_id=ID))
    with pytest.raises(Invalid) as refused:
        desk.ask(postponed(ship_by))
    assert refused.value.field == "ship_by"


def test_a_delay_promises_no_later_than_the_store_allows() -> None:
    """It could not be taken back, be it a slip of the pen."""
    desk = an_order_to_ship()
    latest = T0 + timedelta(hours=desk.hours + 1, days=90)
    with pytest.raises(Invalid) as refused:
        desk.ask(postponed(latest + timedelta(seconds=1)))
    assert refused.value.field == "ship_by"
    an_hour_later = latest + timedelta(hours=1)
    assert desk.ask(postponed(an_hour_later)).ship_by == an_hour_later


def test_a_delay_told_twice_is_one_and_one_told_after_the_parcel_left_is_kept() -> None:
    desk = an_order_to_ship().tell(postponed(T0 + timedelta(days=9)), postponed(T0 + timedelta(days=9)))
    assert desk.event_types.count("DispatchDelayed") == 1
    late = an_order_to_ship()
    told = late.sent(postponed(T0 + timedelta(days=9)))
    late.tell(shipped()).deliver(told)
    assert (len(late.public.delays), late.parked) == (1, [])


def test_a_delay_waits_for_payment_and_open_requests() -> None:
    for desk in (a_placed_order(), an_order_to_ship().tell(cancel(wanted={"1": 1}))):
        with pytest.raises(NotYet):
            desk.ask(postponed(T0 + timedelta(days=30)))
    with pytest.raises(IllegalMove):
        an_order_to_ship().tell(shipped()).ask(postponed(T0 + timedelta(days=30)))


def test_what_arrived_counts_as_kept_after_eight_days() -> None:
    desk = an_order_to_ship().tell(shipped(), delivered())
    arrived = desk.public.shipments[0].delivered_at
    assert arrived is not None
    desk.wait(30 * DAY)
    assert (desk.public.status, desk.line.decided) == (OrderStatus.PURCHASE_DECIDED, 3)
    assert (desk.event_types[-1], desk.events[-1].time) == ("PurchaseDecided", arrived + timedelta(days=8))


def test_the_buyer_decides_what_has_arrived() -> None:
    desk = an_order_to_ship().tell(shipped("shp_1", {"1": 2}), delivered("shp_1"))
    assert desk.ask(DECIDE, BUYER).lines[0].decided == 2
    desk.ask(DECIDE, BUYER)
    assert desk.event_types.count("PurchaseDecided") == 1
    desk.tell(shipped("shp_2"), delivered("shp_2"))
    assert desk.ask(DECIDE, BUYER).status is OrderStatus.PURCHASE_DECIDED


def test_nothing_is_decided_before_it_arrives_or_while_a_request_is_open() -> None:
    for desk in (an_order_to_ship(), an_order_to_ship().tell(shipped())):
        with pytest.raises(NotYet):
            desk.ask(DECIDE, BUYER)
    desk = an_order_to_ship().tell(shipped("shp_1", {"1": 2}), delivered("shp_1"), cancel("clm_1"))
    with pytest.raises(NotYet):
        desk.ask(DECIDE, BUYER)
    desk.tell(decided(ClaimDecision.APPROVED)).wait(30 * DAY)
    assert desk.public.status is OrderStatus.PURCHASE_DECIDED
    with pytest.raises(IllegalMove):
        an_order_to_ship().tell(shipped(), delivered()).ask(DECIDE, SELLER)
