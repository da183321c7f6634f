"""The sums that the ledger is held against when it holds the marketplace's orders."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from deploy.replay.figures import differences, sums
from deploy.replay.olist import Olist
from deploy.replay.olist_expectation import bookings, ordered_items, states
from deploy.replay.olist_expectation import expected as expected_of
from deploy.replay.olist_files import OlistFiles
from deploy.replay.olist_story import TIMEZONE
from deploy.replay.period import Period
from deploy.replay.shelves import Shelf, expected_shelves
from shared.contracts.inbox_orders import OrderSubmitted, PaymentCaptured, RefundPaid
from tests.replay.olist_market import REAL, Row, called_off, files, item, order
from tests.replay.test_mapping import parsed

A_WEEK = Period(date(2017, 10, 9), date(2017, 10, 15))


def expected(
    folder: Path, orders: Sequence[Row], items: Sequence[Row] | None = None
) -> dict[tuple[str, str, str], int]:
    table = sums(bookings(ordered_items(files(folder, orders, items), Period())))
    return {(grain, bucket, figure): amount for grain, bucket, figure, amount in table.iter_rows()}


def test_a_sale_counts_when_it_was_approved_and_without_its_freight(tmp_path: Path) -> None:
    late = order(at="2017-10-30 23:30:00", order_approved_at="2017-11-01 00:10:00")
    found = expected(tmp_path, [late], [item(number="1"), item(number="2", price="9.99")])
    buckets = [("day", "2017-11-01"), ("month", "2017-11"), ("product", "p1"), ("week", "2017-W44")]
    assert found == {
        (*bucket, figure): amount for bucket in buckets for figure, amount in (("gross", 1999), ("units", 2))
    }


def test_a_cancelled_order_goes_back_a_second_after_the_last_that_is_known_of_it(tmp_path: Path) -> None:
    found = expected(tmp_path, [called_off(order_approved_at="2017-10-31 23:59:59")])
    assert found["day", "2017-10-31", "reversals (basis order)"] == 1000
    assert found["day", "2017-11-01", "reversals (basis event)"] == 1000
    assert found["month", "2017-11", "reversed_units (basis event)"] == 1


def test_a_returned_order_gives_money_and_units_back(tmp_path: Path) -> None:
    found = expected(tmp_path, [order(order_status="canceled")])
    assert found["day", "2017-10-19", "reversals (basis event)"] == 1000
    assert found["day", "2017-10-19", "reversed_units (basis event)"] == 1


@pytest.mark.parametrize(
    ("row", "state", "why"),
    [
        (order(), "DELIVERED", None),
        (order(order_status="shipped", order_delivered_customer_date=None), "DELIVERING", None),
        (called_off(order_status="invoiced"), "PAYED", None),
        (called_off(order_status="created", order_approved_at=None), "PAYMENT_WAITING", None),
        (called_off(), "CANCELED", None),
        (called_off(order_status="unavailable", order_approved_at=None), "CANCELED", None),
        (order(order_status="canceled"), "RETURNED", None),
        (order(order_status="canceled", order_delivered_customer_date=None), "RETURNED", None),
        (order(order_approved_at=None), "PAYMENT_WAITING", "the files tell no approval of its payment"),
        (order(order_delivered_carrier_date=None), "PAYED", "the files tell no hand-over"),
        (
            order(order_status="canceled", order_delivered_carrier_date=None),
            "PAYED",
            "the files tell no hand-over",
        ),
        (order(order_delivered_customer_date=None), "DELIVERING", "the files tell no delivery"),
        (order(order_status="invoiced"), "DELIVERED", "its times in the files go further"),
    ],
)
def test_an_order_stands_where_its_row_says_unless_its_times_do_not(
    tmp_path: Path, row: Row, state: str, why: str | None
) -> None:
    told = states(ordered_items(files(tmp_path, [row]), Period()))
    assert told.select("row", "state", "why").rows() == [(row["order_status"], state, why)]


def test_what_waits_holds_the_shelf_what_left_empties_it_and_what_came_back_fills_it(tmp_path: Path) -> None:
    rows = [
        order("kept"),
        order("back", order_status="canceled"),
        called_off("never_left"),
        called_off("waiting", order_status="invoiced"),
        order("unpaid", order_approved_at=None),
    ]
    wanted = expected_of(files(tmp_path, rows), Period())
    assert expected_shelves(wanted, {}) == {"p1": Shelf(on_hand=4, reserved=2, available=2)}
    assert expected_shelves(wanted, {"unpaid": "CANCELED_BY_NOPAYMENT"})["p1"].available == 3


def test_what_was_never_approved_was_never_sold(tmp_path: Path) -> None:
    assert expected(tmp_path, [order(order_approved_at=None), called_off("o2", order_approved_at=None)]) == {}


def test_what_costs_nothing_is_sold_when_placed_and_gives_nothing_back(tmp_path: Path) -> None:
    free = [item("o1", price="0.00", freight_value="0.00"), item("o2", price="0.00", freight_value="0.00")]
    found = expected(tmp_path, [order("o1", order_approved_at=None), called_off("o2")], free)
    assert found["day", "2017-10-16", "units"] == 2
    assert {figure for _, _, figure in found} == {"units"}


def from_messages(source: Olist) -> Iterator[tuple[str, str, date, date, int, int, int, int, int]]:
    """What a ledger books when it is told a source's messages: the mapping's view of the same orders."""
    orders: dict[str, OrderSubmitted] = {}
    paid: dict[str, date] = {}
    for envelope in source.messages():
        message, day = parsed(envelope), envelope.time.astimezone(ZoneInfo(TIMEZONE)).date()
        if isinstance(message, OrderSubmitted):
            orders[message.order_id] = message
        elif isinstance(message, PaymentCaptured):
            paid[message.order_id] = day
            for line in orders[message.order_id].lines:
                yield message.order_id, line.product_id, day, day, line.list_amount.amount, 0, line.quantity, 0, 0
        elif isinstance(message, RefundPaid):
            for line in orders[message.order_id].lines:
                back = (line.list_amount.amount, line.quantity)
                yield message.order_id, line.product_id, paid[message.order_id], day, 0, 0, 0, *back


def agree(market: OlistFiles, period: Period) -> pl.DataFrame:
    """The bookings that the mapping and the expectation both lead to."""
    wanted = bookings(ordered_items(market, period))
    told = pl.DataFrame(list(from_messages(Olist(market, period))), wanted.schema, orient="row")
    assert list(differences(sums(wanted), sums(told))) == []
    return wanted


def test_the_mapping_and_the_expectation_agree_though_they_share_no_code(tmp_path: Path) -> None:
    paid_in_the_night = ["2017-02-18 23:59:59", "2017-10-14 23:59:59", "2017-10-15 00:00:00", "2017-10-15 00:59:59"]
    bought = "2017-02-01 12:00:00"
    rows = [called_off(f"o{number}", bought, order_approved_at=night) for number, night in enumerate(paid_in_the_night)]
    wanted = agree(files(tmp_path, rows), Period())
    back = wanted.filter(pl.col("reversals") > 0).sort("order")
    assert back["event_day"].dt.to_string().to_list() == ["2017-02-18", *["2017-10-15"] * 3]


@pytest.fixture(scope="module")
def real() -> OlistFiles:
    if not (REAL / "olist").is_dir():
        pytest.skip("the marketplace's real orders are not beside the project")
    return OlistFiles(REAL / "olist")


def test_they_agree_on_a_week_of_real_orders(real: OlistFiles) -> None:
    wanted = agree(real, A_WEEK)
    assert (wanted["order"].n_unique(), wanted["gross"].sum() > 0 < wanted["reversals"].sum()) == (1054, True)


@pytest.mark.parametrize(
    ("table", "bucket", "form"),
    [("day", "day", "%Y-%m-%d"), ("week", "week", "%G-W%V"), ("month", "month", "%Y-%m")],
)
def test_by_the_day_of_purchase_it_is_what_an_independent_count_says(
    real: OlistFiles, table: str, bucket: str, form: str
) -> None:
    """That count books every order when it was bought, whether it was paid or not."""
    truth = pl.read_csv(REAL / "truth" / "olist" / f"sales_by_{table}.csv").filter(pl.col("items") > 0)
    ours = (
        ordered_items(real, Period())
        .group_by(pl.col("placed_day").dt.strftime(form).alias(bucket))
        .agg(items=pl.len().cast(pl.Int64), gross=pl.col("gross").sum())
    )
    gross = (pl.col("gross_goods") * 100).round().cast(pl.Int64)
    assert ours.sort(bucket).equals(truth.select(bucket, "items", gross=gross).sort(bucket))


def test_by_product_it_is_what_an_independent_count_says(real: OlistFiles) -> None:
    """That count leaves out the orders that were called off."""
    truth = pl.read_csv(REAL / "truth" / "olist" / "product_totals.csv.gz")
    kept = ordered_items(real, Period()).filter(~pl.col("status").is_in(["canceled", "unavailable"]))
    ours = kept.group_by("product").agg(quantity=pl.len().cast(pl.Int64), gross=pl.col("gross").sum())
    revenue = (pl.col("revenue") * 100).round().cast(pl.Int64)
    theirs = truth.select("quantity", product="product_id", gross=revenue).select(ours.columns)
    assert ours.sort("product").equals(theirs.sort("product"))
