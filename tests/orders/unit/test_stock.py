import pytest

from services.orders.domain.stock import REJECTED_TOO_LATE
from shared.contracts.catalog import ShortageCode
from shared.contracts.order_state import ClaimStatus, OrderStatus, Reason, RefundKind, StockStatus
from tests.orders.given import a_line, a_paid_order, a_placed_order, cancel, rejected, reserved, shipped


def test_reserved_stock_is_recorded_once() -> None:
    desk = a_placed_order().catalog_says(reserved()).catalog_says(reserved())
    assert desk.public.stock is StockStatus.RESERVED
    assert desk.event_types == ["OrderPlaced", "OrderReserved"]


@pytest.mark.parametrize("code", ShortageCode)
def test_without_stock_an_unpaid_order_is_cancelled(code: ShortageCode) -> None:
    desk = a_placed_order().catalog_says(rejected(code))
    assert desk.public.status is OrderStatus.CANCELED
    assert (desk.public.stock, desk.public.stock_detail) == (StockStatus.REJECTED, code)
    assert desk.public.refunds == ()
    assert desk.event_types == ["OrderPlaced", "OrderCancelled"]


def test_without_stock_a_paid_order_is_cancelled_and_refunded_whole() -> None:
    desk = a_paid_order().catalog_says(rejected())
    [refund] = desk.public.refunds
    assert (refund.kind, refund.reason, refund.amount.amount) == (RefundKind.CANCEL, Reason.SOLD_OUT, 13_000)
    assert sorted(desk.event_types[2:]) == ["OrderCancelled", "RefundRequested"]


def test_units_that_left_stay_sold() -> None:
    desk = a_paid_order(a_line("1", 3, 10_000)).tell(shipped(wanted={"1": 1})).catalog_says(rejected())
    assert (desk.line.shipped, desk.line.cancelled) == (1, 2)
    assert desk.public.status is OrderStatus.DELIVERING
    [refund] = desk.public.refunds
    assert (refund.amount.amount, refund.shipping_amount.amount) == (6_666, 0)


def test_with_nothing_left_to_cancel_it_is_recorded_and_flagged() -> None:
    desk = a_paid_order().tell(shipped()).catalog_says(rejected())
    assert desk.public.stock is StockStatus.REJECTED
    assert desk.public.flags == (REJECTED_TOO_LATE,)
    assert desk.public.status is OrderStatus.DELIVERING
    assert desk.public.refunds == ()
    assert desk.event_types[-1] == "OrderCancelled"


def test_open_cancel_requests_are_granted_when_there_is_no_stock() -> None:
    desk = a_paid_order(a_line("1", 3, 10_000)).tell(cancel(wanted={"1": 1})).catalog_says(rejected())
    [claim] = desk.public.claims
    assert claim.status is ClaimStatus.CANCEL_DONE
    assert [(refund.claim_id, refund.amount.amount) for refund in desk.public.refunds] == [
        ("clm_1", 3_333),
        (None, 6_667 + 3_000),
    ]
    assert desk.event_types[-5:] == [
        "ClaimApproved",
        "ClaimCompleted",
        "RefundRequested",
        "RefundRequested",
        "OrderCancelled",
    ]


def test_a_refusal_told_twice_changes_nothing() -> None:
    desk = a_paid_order().catalog_says(rejected())
    before = desk.public
    assert desk.catalog_says(rejected()).public is not before
    assert desk.public == before


def test_catalog_cannot_take_back_its_answer() -> None:
    assert a_placed_order().catalog_says(rejected()).catalog_says(reserved()).refused == [("ILLEGAL_MOVE", None)]
    assert a_placed_order().catalog_says(reserved()).catalog_says(rejected()).refused == [("ILLEGAL_MOVE", None)]
