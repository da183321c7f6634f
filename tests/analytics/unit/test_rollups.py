from collections import Counter
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from services.analytics.ledger import LedgerRow, ledger
from services.analytics.rollups import COUNTS, tallies
from shared.contracts.order_state import OrderState
from tests.analytics.orders import PAID_AT, ZONE, a_line, a_refund, an_order, back, histories, krw


def documents(rows: Iterable[LedgerRow]) -> dict[str, dict[str, int]]:
    return {tally.id: dict(tally.add) for tally in tallies(rows, "0")}


def figures(rows: Iterable[LedgerRow], of: str, field: str) -> Counter[str]:
    """Sums over all buckets of a grain: `of` is "store" or "product"."""
    sums: Counter[str] = Counter()
    for tally in tallies(rows, "0"):
        if tally.labels["scope"] == of:
            for path, amount in tally.add.items():
                if path.startswith(f"{field}."):
                    sums[path.rpartition(".")[2]] += amount
    return sums


def test_a_sale_is_in_its_day_week_and_month_of_the_store_and_of_the_product() -> None:
    rows = ledger(an_order(a_line(ordered=2, discount_amount=krw(100)), shipping_fee=krw(2500)), ZONE)
    goods = {"orders": 1, "units": 2, "gross": 1000, "discounts": 100}
    expected = {
        f"{place}.{name}": amount
        for place in ("days.2026-03-02", "weeks.2026-W10", "months.2026-03")
        for name, amount in goods.items()
    }
    written = documents(rows)
    assert written["product:p1|2026-03|0"] == expected
    assert written["store:|2026-03|0"] == expected | {
        f"{place}.shipping": 2500 for place in ("days.2026-03-02", "weeks.2026-W10", "months.2026-03")
    }


def test_a_reversal_is_in_its_own_month_and_carried_back_to_the_month_of_the_payment() -> None:
    refund = a_refund(back(), settled_at=PAID_AT.replace(month=4))
    rows = [row for row in ledger(an_order(refunds=(refund,)), ZONE) if row.refund_id]
    written = documents(rows)
    for scope in ("store:", "product:p1"):
        assert written[f"{scope}|2026-04|0"]["days.2026-04-02.reversed_amount"] == 1000
        assert written[f"{scope}|2026-03|0"]["days.2026-03-02.carried_amount"] == 1000
        assert not any("carried" in path for path in written[f"{scope}|2026-04|0"])


def test_a_week_across_two_months_is_in_the_documents_of_both() -> None:
    """2026-W09 ends on the first of March."""
    orders = [an_order(order_id=f"o{day}", paid_at=PAID_AT.replace(month=m, day=day)) for m, day in ((2, 28), (3, 1))]
    written = documents(row for order in orders for row in ledger(order, ZONE))
    assert written["store:|2026-02|0"]["weeks.2026-W09.gross"] == 1000
    assert written["store:|2026-03|0"]["weeks.2026-W09.gross"] == 1000


def test_an_order_of_two_products_is_one_order_of_each_and_one_of_the_store() -> None:
    rows = ledger(an_order(a_line("l1", "p1"), a_line("l2", "p2"), a_line("l3", "p2")), ZONE)
    assert figures(rows, "store", "months")["orders"] == 1
    assert figures(rows, "product", "months")["orders"] == 2


def test_a_line_that_adds_nothing_makes_no_document() -> None:
    free = a_line("l2", list_amount=krw(0))
    [*_, given_back] = ledger(an_order(a_line("l1"), free, refunds=(a_refund(back(), back("l2", 0, 0)),)), ZONE)
    assert (given_back.line_id, given_back.counted) == ("l2", 0)
    assert tallies([given_back], "0") == []


@settings(deadline=None, max_examples=50)
@given(st.lists(histories(), min_size=1, max_size=3))
def test_products_sum_to_the_store_and_both_bases_agree_over_all_time(orders: list[list[OrderState]]) -> None:
    rows = [row for history in orders for row in ledger(history[-1], ZONE)]
    months = figures(rows, "store", "months")
    assert figures(rows, "store", "days") == figures(rows, "store", "weeks") == months
    products = figures(rows, "product", "months")
    for name in months.keys() - COUNTS - {"shipping", "reversed_shipping", "carried_shipping"}:
        assert products[name] == months[name]
    for name in ("refunds", "units", "amount", "shipping"):
        assert months[f"reversed_{name}"] == months[f"carried_{name}"]


@settings(deadline=None, max_examples=50)
@given(histories(), st.integers(0, 30))
def test_rows_add_up_the_same_in_any_portions(history: list[OrderState], cut: int) -> None:
    rows = ledger(history[-1], ZONE)
    whole, parts = documents(rows), Counter[str]()
    for part in (rows[:cut], rows[cut:]):
        for id, add in documents(part).items():
            parts.update({f"{id} {path}": amount for path, amount in add.items()})
    assert parts == {f"{id} {path}": amount for id, add in whole.items() for path, amount in add.items()}
