"""What the services are held against when they hold the gift shop's invoices."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from deploy.replay.figures import differences, sums
from deploy.replay.online_retail import OnlineRetail
from deploy.replay.online_retail_expectation import expected, sold_lines, taken_back, taken_back_lines
from deploy.replay.online_retail_files import OnlineRetailFiles
from deploy.replay.period import Period
from deploy.replay.shelves import Shelf, expected_shelves
from services.orders.handlers import TABLE
from services.orders.repository import CLIENT_ORDER, ORDER
from services.orders.settings import Settings
from shared.contracts.order_state import OrderState, RefundStatus
from tests.replay.gift_shop import Row, back, files, line
from tests.replay.olist_market import REAL
from tests.support.memory import MemoryRuntime

ZONE = ZoneInfo("Europe/London")
MINUTES = [f"2010-03-{day:02} 12:00:00" for day in range(1, 30)]


def decided(source: OnlineRetail) -> list[OrderState]:
    """What the orders service's own table makes of the messages, in memory."""
    settings = Settings(store_currency="GBP", store_timezone="Europe/London", holiday_country="GB")
    core = MemoryRuntime("orders", TABLE, [ORDER, CLIENT_ORDER], settings)
    core.deliver(*source.messages())
    assert (core.held, core.parked) == ({}, [])
    orders = [core.state(ORDER, ref.id) for ref in core.documents if ref.kind is ORDER]
    return [order.state for order in orders if order is not None]


def booked(orders: list[OrderState]) -> Iterator[tuple[str, str, date, date, int, int, int, int, int]]:
    """As a ledger books these orders."""
    for order in orders:
        assert order.paid_at is not None
        paid = order.paid_at.astimezone(ZONE).date()
        products = {one.line_id: one.product_id for one in order.lines}
        for one in order.lines:
            yield order.order_id, one.product_id, paid, paid, one.list_amount.amount, 0, one.ordered, 0, 0
        for refund in order.refunds:
            assert refund.status is RefundStatus.SETTLED
            assert refund.settled_at is not None
            day = refund.settled_at.astimezone(ZONE).date()
            for part in refund.lines:
                back = (part.goods_amount.amount, part.quantity)
                yield order.order_id, products[part.line_id], paid, day, 0, 0, 0, *back


def agree(shop: OnlineRetailFiles, period: Period) -> pl.DataFrame:
    """The bookings that the expectation, and the mapping and the domain together, both lead to."""
    wanted = expected(shop, period)
    orders = decided(OnlineRetail(shop, period))
    told = pl.DataFrame(list(booked(orders)), wanted.bookings.schema, orient="row")
    assert list(differences(sums(wanted.bookings), sums(told))) == []
    assert dict(wanted.states.select("order", "state").iter_rows()) == {o.order_id: o.status for o in orders}
    shipped: dict[str, int] = defaultdict(int)
    for one in (one for order in orders for one in order.lines):
        shipped[one.product_id] += one.shipped
    assert dict(wanted.units.group_by("product").agg(pl.col("shipped").sum()).iter_rows()) == shipped
    return wanted.bookings


def test_a_sale_and_what_was_taken_back_of_it_early_and_late(tmp_path: Path) -> None:
    rows = [line(Quantity="3", Price="0.335"), back(at="2010-03-01 13:00:00"), back("C500010")]
    wanted = agree(files(tmp_path, rows), Period())
    assert wanted.select("gross", "units", "reversals", "reversed_units", "event_day").rows() == [
        (100, 3, 0, 0, date(2010, 3, 1)),
        (0, 0, 33, 1, date(2010, 3, 1)),
        (0, 0, 34, 1, date(2010, 3, 10)),
    ]


def test_it_agrees_with_mapping_and_domain_on_every_oddity(tmp_path: Path) -> None:
    rows: list[Row] = [
        *[line(f"5000{number:02}", InvoiceDate=at, Quantity="3", Price="0.667") for number, at in enumerate(MINUTES)],
        *[back(f"C5100{number:02}", "-2", at=at.replace("12:00", "13:30")) for number, at in enumerate(MINUTES[::2])],
        *[back(f"C5200{number:02}", "-7", at=at.replace("12:00", "19:00")) for number, at in enumerate(MINUTES[::5])],
        line("530000", StockCode="10002", Price="0.001"),
        back("C530001", StockCode="10002", Price="0.001"),
        line("540000", StockCode="10003a", InvoiceDate="2010-03-28 01:30:00"),
        back("C540001", "-2", StockCode="10003A", at="2010-03-28 05:00:00"),
    ]
    wanted = agree(files(tmp_path, rows), Period())
    assert wanted["reversed_units"].sum() > 40
    agree(files(tmp_path, rows), Period(date(2010, 3, 5), date(2010, 3, 9)))


def test_what_was_cancelled_stays_on_the_shelf_and_what_came_back_is_not_known_to_be_there(tmp_path: Path) -> None:
    rows = [line(Quantity="9"), back("C500009", "-2", at="2010-03-01 13:00:00"), back("C500010", "-3")]
    assert expected_shelves(expected(files(tmp_path, rows), Period()), {}) == {
        "10001": Shelf(on_hand=2, reserved=0, available=2)
    }


@pytest.fixture(scope="module")
def real() -> OnlineRetailFiles:
    if not (REAL / "online_retail").is_dir():
        pytest.skip("the gift shop's real invoices are not beside the project")
    return OnlineRetailFiles(REAL / "online_retail")


def test_they_agree_on_days_of_real_invoices(real: OnlineRetailFiles) -> None:
    wanted = agree(real, Period(date(2010, 3, 1), date(2010, 3, 3)))
    assert wanted["gross"].sum() > 0 < wanted["reversals"].sum()


def truth(name: str) -> pl.DataFrame:
    return pl.read_csv(REAL / "truth" / "online_retail" / name, schema_overrides={"sku": pl.String})


@pytest.mark.parametrize(
    ("table", "bucket", "form"),
    [("day", "day", "%Y-%m-%d"), ("week", "week", "%G-W%V"), ("month", "month", "%Y-%m")],
)
def test_the_gross_of_products_is_what_an_independent_count_says(
    real: OnlineRetailFiles, table: str, bucket: str, form: str
) -> None:
    ours = sold_lines(real.rows()).group_by(pl.col("placed").dt.strftime(form).alias(bucket)).agg(pl.col("gross").sum())
    both = ours.join(truth(f"sales_by_{table}.csv"), on=bucket, how="full", coalesce=True)
    off = (pl.col("gross") / 100 - pl.col("gross_products_only")).abs()
    assert both.filter((off > 0.01) | off.is_null()).is_empty()


def test_by_product_it_is_what_an_independent_count_says(real: OnlineRetailFiles) -> None:
    sold = sold_lines(real.rows())
    ours = sold.group_by(sku="product").agg(ours=pl.col("units").sum(), gross=pl.col("gross").sum(), rows=pl.len())
    both = ours.join(truth("product_totals.csv.gz"), on="sku", how="left")
    off = (pl.col("gross") / 100 - pl.col("revenue")).abs() > 0.01
    assert both.filter(off | (pl.col("ours") != pl.col("quantity")) | (pl.col("rows") != pl.col("lines"))).is_empty()


def test_every_cancelled_unit_is_taken_back_of_a_line_or_counted_as_unmatched(real: OnlineRetailFiles) -> None:
    rows, source = real.rows(), OnlineRetail(real, Period())
    returned = taken_back(sold_lines(rows), taken_back_lines(rows))["taken"].sum()
    claimed = sum(sum(taken.units.values()) for order in source.orders for taken in order.taken_back)
    (lost,) = [note.why for note in source.left_out() if "unmatched" in note.why]
    unmatched = int(lost.partition(": ")[2].partition(" ")[0].replace(",", ""))
    cancelled = truth("product_cancellations.csv").filter(pl.col("sku").str.contains(r"^\d{5}[A-Z]*$"))
    assert (claimed, claimed + unmatched) == (returned, cancelled["cancelled_quantity"].sum())
