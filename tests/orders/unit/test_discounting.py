"""Discounts of the whole order, split over its lines, and what goes back of them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.orders.domain.discounting import largest_remainder
from shared.contracts.base import Money
from shared.contracts.order_state import OrderDiscount, OrderStatus
from tests.orders.given import (
    Desk,
    a_delivered_order,
    a_line,
    a_paid_order,
    a_placed_order,
    cancel,
    placed,
    sent_back,
    won,
)


def off(*amounts: int) -> tuple[OrderDiscount, ...]:
    return tuple(OrderDiscount(code=f"COUPON-{n}", amount=won(amount)) for n, amount in enumerate(amounts))


def shares(desk: Desk) -> list[int]:
    return [line.order_discount_amount.amount for line in desk.public.lines if line.order_discount_amount]


def given_back(desk: Desk) -> list[int]:
    return [refund.lines[0].goods_amount.amount for refund in desk.public.refunds]


def test_the_discounts_of_the_order_are_shared_by_what_the_lines_cost() -> None:
    desk = a_placed_order(a_line("1", 3, 10_000, discount=4_000), a_line("2", 1, 2_000), discounts=off(600, 400))
    assert shares(desk) == [750, 250]
    assert [line.discount_amount.amount for line in desk.public.lines] == [4_750, 250]
    assert desk.public.discounts == off(600, 400)
    assert desk.public.total == won(6_000 + 2_000 - 1_000 + 3_000)


def test_what_does_not_divide_goes_to_the_largest_remainder_and_among_equals_to_the_first() -> None:
    assert largest_remainder(4_000, [167_000, 32_000]) == [3_357, 643]
    assert largest_remainder(2, [1, 1, 1]) == [1, 1, 0]
    assert largest_remainder(5, [3, 3, 0]) == [3, 2, 0]
    assert largest_remainder(0, [0, 0]) == [0, 0]


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=20), st.fractions(0, 1))
def test_shares_sum_exactly_and_none_is_above_its_line_or_off_by_one(over: list[int], part: Fraction) -> None:
    amount = int(sum(over) * part)
    split = largest_remainder(amount, over)
    assert sum(split) == amount
    assert all(0 <= share <= cost for share, cost in zip(split, over, strict=True))
    off_by = [abs(share * sum(over) - amount * cost) for share, cost in zip(split, over, strict=True)]
    assert not sum(over) or max(off_by) < sum(over)


def test_units_given_back_one_by_one_give_back_what_was_paid_for_the_line() -> None:
    lines = (a_line("1", 7, 10_000, discount=1), a_line("2", 3, 999))
    cancelled = a_paid_order(*lines, fee=0, discounts=off(3_333))
    sent = a_delivered_order(*lines, fee=0, discounts=off(3_333))
    for n in range(7):
        cancelled.tell(cancel(f"clm_{n}", {"1": 1}, decided=True))
        sent.tell(sent_back(f"clm_{n}", {"1": 1}, decided=True))
    for desk in (cancelled, sent):
        assert sum(given_back(desk)) == 9_999 - shares(desk)[0]
        assert max(given_back(desk)) - min(given_back(desk)) <= 1
    cancelled.tell(cancel("clm_9", decided=True))
    assert sum(refund.amount.amount for refund in cancelled.public.refunds) == cancelled.public.total.amount


def test_an_order_that_costs_nothing_after_its_discounts_is_paid() -> None:
    desk = a_placed_order(fee=0, discounts=off(10_000))
    assert desk.event_types == ["OrderPlaced", "OrderPaid"]
    assert desk.public.status is OrderStatus.PAYED


@pytest.mark.parametrize(
    ("wrong", "at"),
    [
        ({"discounts": off(9_999, 2)}, ("discounts",)),
        ({"discounts": off(1) * 51}, ("discounts",)),
        ({"discounts": (OrderDiscount(code="X", amount=Money(amount=1, currency="USD")),)}, ("discounts",)),
        ({"discounts": ({"code": "X", "amount": {"amount": -1, "currency": "KRW"}},)}, ("discounts", 0, "amount")),
        ({"total": won(12_999)}, ("total",)),
        ({"total": Money(amount=13_000, currency="USD")}, ("total",)),
        ({"total": won(13_000), "discounts": off(1)}, ("total",)),
    ],
)
def test_wrong_discounts_and_totals_are_named_at_their_field(wrong: dict[str, object], at: tuple[object, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        placed(**wrong)  # type: ignore[arg-type]
    assert [error["loc"] for error in refused.value.errors()] == [at]


def test_a_total_that_adds_up_is_taken() -> None:
    assert a_placed_order(discounts=off(500), total=won(12_500)).public.amount_due == won(12_500)
