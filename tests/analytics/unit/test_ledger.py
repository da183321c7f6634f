from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings

from services.analytics.ledger import LedgerRow, RowKind, ledger, sale
from shared.contracts.order_state import OrderState, RefundKind, RefundStatus
from tests.analytics.orders import MONEY_BACK, PAID_AT, ZONE, a_line, a_refund, an_order, back, histories, krw, sold


def rows_of(order: OrderState) -> dict[str, LedgerRow]:
    rows = {row.row_id: row for row in ledger(order, ZONE)}
    assert len(rows) == len(ledger(order, ZONE))
    return rows


def test_an_order_counts_when_it_is_paid() -> None:
    assert ledger(an_order(paid_at=None), ZONE) == []
    [own, line] = ledger(an_order(a_line(discount_amount=krw(100)), shipping_fee=krw(2500)), ZONE)
    assert (own.line_id, own.shipping_amount, own.net_amount) == (None, 2500, 0)
    assert (line.kind, line.units) == (RowKind.SALE, 1)
    assert (line.list_amount, line.discount_amount, line.net_amount, line.shipping_amount) == (1000, 100, 900, 0)
    assert (line.paid_day, line.event_day) == ("2026-03-02", "2026-03-02")


def test_units_cancelled_before_the_payment_were_never_sold() -> None:
    order = an_order(
        a_line("l1", ordered=3, cancelled_unpaid=2, list_amount=krw(1000), discount_amount=krw(10)),
        a_line("l2", cancelled_unpaid=1),
    )
    assert rows_of(order).keys() == {"ord_1//", "ord_1//l1"}
    line = rows_of(order)["ord_1//l1"]
    assert (line.units, line.list_amount, line.discount_amount, line.net_amount) == (1, 334, 4, 330)
    assert order.amount_due == krw(330)


def test_a_refund_is_booked_on_the_day_it_settled_and_remembers_the_paid_day() -> None:
    refund = a_refund(back(), shipping_amount=krw(2500), settled_at=PAID_AT + timedelta(days=40), reason="BROKEN")
    rows = rows_of(an_order(refunds=(refund,)))
    own, line = rows["ord_1/rf_1/"], rows["ord_1/rf_1/l1"]
    assert own.shipping_amount == -2500
    assert (line.kind, line.reason, line.name) == (RowKind.CANCEL, "BROKEN", "Product p1")
    assert (line.units, line.net_amount, line.list_amount, line.discount_amount) == (-1, -1000, 0, 0)
    assert (line.paid_day, line.event_day) == ("2026-03-02", "2026-04-11")


@pytest.mark.parametrize("status", [RefundStatus.REQUESTED, RefundStatus.FAILED])
def test_a_refund_counts_when_it_is_settled(status: RefundStatus) -> None:
    assert len(ledger(an_order(refunds=(a_refund(back(), status=status, settled_at=None),)), ZONE)) == 2


@pytest.mark.parametrize("kind", MONEY_BACK)
def test_money_that_never_was_a_sale_is_no_reversal(kind: RefundKind) -> None:
    refund = a_refund(kind=kind, amount=krw(1000))
    assert len(ledger(an_order(refunds=(refund,)), ZONE)) == 2
    assert ledger(an_order(refunds=(refund,), paid_at=None), ZONE) == []


def test_a_refund_that_names_a_line_twice_has_one_row_for_it() -> None:
    line = rows_of(an_order(refunds=(a_refund(back(amount=300), back(amount=700)),)))["ord_1/rf_1/l1"]
    assert (line.units, line.net_amount) == (-2, -1000)


def test_a_goodwill_refund_of_the_shipping_alone_has_its_own_row_only() -> None:
    refund = a_refund(kind=RefundKind.GOODWILL, shipping_amount=krw(500))
    assert rows_of(an_order(refunds=(refund,))).keys() == {"ord_1//", "ord_1//l1", "ord_1/rf_1/"}


def test_a_refund_of_a_line_that_the_order_does_not_have_is_not_booked_in_part() -> None:
    with pytest.raises(KeyError):
        ledger(an_order(refunds=(a_refund(back("l1"), back("other")),)), ZONE)


def test_each_sale_is_counted_once_for_the_store_and_once_for_each_product() -> None:
    rows = sale(an_order(a_line("l1", "p1"), a_line("l2", "p2"), a_line("l3", "p1")), ZONE)
    assert [(row.line_id, row.counted) for row in rows] == [(None, 1), ("l1", 1), ("l2", 1), ("l3", 0)]


@pytest.mark.parametrize(("list_amount", "discount", "quantity"), [(1199, 0, 7), (998, 333, 3), (25137, 1, 89_638)])
def test_parts_of_a_line_that_does_not_divide_sum_to_the_cent(list_amount: int, discount: int, quantity: int) -> None:
    line = a_line(ordered=quantity, list_amount=krw(list_amount), discount_amount=krw(discount))
    cuts = sorted({0, 1, 2, quantity // 2, quantity})
    refunds = tuple(
        a_refund(back("l1", last - first, sold(line, first, last)), refund_id=f"rf_{first}")
        for first, last in pairwise(cuts)
    )
    rows = ledger(an_order(line, refunds=refunds), ZONE)
    assert sum(row.net_amount for row in rows) == 0
    assert sum(row.units for row in rows) == 0


def test_a_row_comes_back_from_the_database_as_it_went() -> None:
    for row in ledger(an_order(refunds=(a_refund(back()),)), ZONE):
        document = row.document()
        assert type(document["kind"]) is str
        assert LedgerRow.model_validate({**document, "_id": row.row_id}) == row


@settings(deadline=None)
@given(histories())
def test_rows_are_only_ever_added_and_never_change(history: list[OrderState]) -> None:
    booked: dict[str, LedgerRow] = {}
    for state in history:
        rows = rows_of(state)
        assert rows.items() >= booked.items()
        booked = rows


@settings(deadline=None)
@given(histories())
def test_the_ledger_sums_to_the_money_that_moved(history: list[OrderState]) -> None:
    order = history[-1]
    rows = ledger(order, ZONE)
    sold_rows = [row for row in rows if row.kind is RowKind.SALE]
    if rows:
        paid = sum(row.net_amount for row in sold_rows)
        assert paid == order.total.amount - order.shipping_fee.amount - _never_sold(order)
        assert all(row.net_amount == row.list_amount - row.discount_amount for row in sold_rows)
        assert all(0 <= row.discount_amount <= row.list_amount for row in sold_rows)
    for refund in order.refunds:
        booked = [row for row in rows if row.refund_id == refund.refund_id]
        if booked:
            assert -sum(row.net_amount + row.shipping_amount for row in booked) == refund.amount.amount


def _never_sold(order: OrderState) -> int:
    return sum(sold(line, 0, line.cancelled_unpaid) for line in order.lines)
