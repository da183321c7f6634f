from datetime import date

from services.analytics.buckets import Grain, Period
from services.analytics.reports import Fresh, report, sales_of
from services.analytics.rollups import Basis, Figures

SOLD = {"orders": 2, "units": 3, "gross": 3000, "discounts": 300, "shipping": 2500}
RETURNED = {"reversed_refunds": 1, "reversed_units": 1, "reversed_amount": 900, "reversed_shipping": 100}
LATER = {"carried_refunds": 2, "carried_units": 2, "carried_amount": 1800, "carried_shipping": 0}


def test_net_is_what_is_left_of_the_sale_by_either_basis() -> None:
    by_event = sales_of({**SOLD, **RETURNED, **LATER}, Basis.EVENT)
    by_order = sales_of({**SOLD, **RETURNED, **LATER}, Basis.ORDER)
    assert (by_event.reversals, by_event.net, by_event.refunds, by_event.units_back) == (900, 1800, 1, 1)
    assert (by_order.reversals, by_order.net, by_order.refunds, by_order.units_back) == (1800, 900, 2, 2)
    assert (by_event.shipping, by_event.shipping_back) == (2500, 100)
    assert (by_event.average_order, by_event.average_order_net) == (1350, 900)


def test_a_day_on_which_more_comes_back_than_is_sold_is_negative() -> None:
    sales = sales_of(RETURNED, Basis.EVENT)
    assert sales.net == -900
    assert sales.average_order is None


def test_an_average_is_rounded_half_to_even() -> None:
    assert sales_of({"orders": 2, "gross": 5}, Basis.EVENT).average_order == 2
    assert sales_of({"orders": 2, "gross": 7}, Basis.EVENT).average_order == 4


def test_a_report_has_a_row_for_every_bucket_and_their_total() -> None:
    period = Period.touching(Grain.DAY, date(2026, 3, 1), date(2026, 3, 3))
    figures = {"2026-03-01": Figures(SOLD), "2026-03-03": Figures(SOLD)}
    shown = report(None, "KRW", Basis.EVENT, period, figures, Fresh.now(0))
    assert [(row.bucket, row.gross) for row in shown.rows] == [
        ("2026-03-01", 3000),
        ("2026-03-02", 0),
        ("2026-03-03", 3000),
    ]
    assert (shown.total.gross, shown.total.orders, shown.total.average_order) == (6000, 4, 1350)
