"""The sums that the ledger is held against."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from deploy.replay.completejourney import TIMEZONE, CompleteJourney
from deploy.replay.completejourney_files import CompleteJourneyFiles
from deploy.replay.expectation import bookings, sold_lines
from deploy.replay.expectation import expected as expected_of
from deploy.replay.figures import Difference, differences, sums
from deploy.replay.period import Period
from deploy.replay.shelves import expected_shelves
from shared.contracts.inbox_orders import OrderSubmitted, RefundPaid, RefundSubmitted
from tests.replay.grocer import CANCELLED, GOODWILL, ORDINARY, Row, files, row
from tests.replay.test_mapping import parsed

A_WEEK = Period(date(2017, 1, 16), date(2017, 1, 22))


def expected(folder: Path, *rows: Row) -> dict[tuple[str, str, str], int]:
    table = sums(bookings(sold_lines(files(folder, rows), Period())))
    return {(grain, bucket, figure): amount for grain, bucket, figure, amount in table.iter_rows()}


def test_a_sale_counts_on_its_day_week_month_and_for_its_product(tmp_path: Path) -> None:
    found = expected(tmp_path, row(ORDINARY, "2017-01-02 04:00:00", quantity=2))
    buckets = [("day", "2017-01-01"), ("month", "2017-01"), ("product", "cj_7"), ("week", "2016-W52")]
    figures = [("discounts", 40), ("gross", 340), ("units", 2)]
    assert found == {(*bucket, figure): amount for bucket in buckets for figure, amount in figures}


def test_a_cancelled_order_goes_back_on_the_day_of_its_refund_or_the_paid_day(tmp_path: Path) -> None:
    found = expected(tmp_path, row(CANCELLED, "2017-02-01 04:00:00", quantity=2))
    assert found["day", "2017-01-31", "gross"] == 340
    assert found["day", "2017-01-31", "reversals (basis order)"] == 300
    assert found["day", "2017-02-01", "reversals (basis event)"] == 300
    assert found["month", "2017-02", "reversed_units (basis event)"] == 2
    assert found["product", "cj_7", "reversals"] == 300


def test_a_goodwill_refund_is_worth_the_first_line_and_brings_no_unit_back(tmp_path: Path) -> None:
    found = expected(tmp_path, row(GOODWILL, quantity=0), row(GOODWILL, sales_value=1.11), row(GOODWILL, product_id=8))
    assert found["day", "2017-01-18", "reversals (basis event)"] == 111
    assert not [figure for _, _, figure in found if figure.startswith("reversed_units")]


def test_an_order_that_cost_nothing_reverses_nothing_when_cancelled(tmp_path: Path) -> None:
    found = expected(tmp_path, row(CANCELLED, sales_value=0.0))
    assert not [figure for _, _, figure in found if "revers" in figure]


def test_both_bases_are_equal_over_all_time(tmp_path: Path) -> None:
    found = expected(tmp_path, *(row(number, "2017-01-31 23:00:00", quantity=number) for number in range(1, 120)))
    by_basis = [
        sum(a for (g, _, f), a in found.items() if g == "day" and f"basis {b}" in f) for b in ("event", "order")
    ]
    assert by_basis[0] == by_basis[1] > 0


def test_what_was_shipped_has_left_the_shelf_and_what_was_cancelled_has_not(tmp_path: Path) -> None:
    grocer = files(
        tmp_path,
        [
            row(ORDINARY, quantity=3),
            row(CANCELLED, quantity=5),
            row(ORDINARY + 1, "2017-03-01 12:00:00", quantity=7),
            row(ORDINARY + 1, "2017-03-01 12:00:00", product_id=8),
        ],
    )
    january = expected_of(grocer, Period(last=date(2017, 1, 31)))
    on_hand = {product: shelf.on_hand for product, shelf in expected_shelves(january, {}).items()}
    assert on_hand == {"cj_7": 15 - 3, "cj_8": 1}
    assert dict(january.states.select("order", "state").iter_rows()) == {
        f"cj_{ORDINARY}": "DELIVERED",
        f"cj_{CANCELLED}": "CANCELED",
    }


def test_differences_are_named_whichever_side_lacks_them() -> None:
    schema = ("grain", "bucket", "figure", "amount")
    left = pl.DataFrame([("day", "2017-01-16", "gross", 5), ("day", "2017-01-17", "gross", 6)], schema, orient="row")
    right = pl.DataFrame([("day", "2017-01-17", "gross", 6), ("week", "2017-W03", "units", 1)], schema, orient="row")
    assert list(differences(left, right)) == [
        Difference("day", "2017-01-16", "gross", 5, 0),
        Difference("week", "2017-W03", "units", 0, 1),
    ]
    assert str(next(differences(left, right))) == "day 2017-01-16, gross: expected 5, found 0"


def from_messages(source: CompleteJourney) -> Iterator[tuple[str, str, date, date, int, int, int, int, int]]:
    """What a ledger books when it is told a source's messages: the mapping's view of the same week."""
    orders: dict[str, tuple[date, OrderSubmitted]] = {}
    goodwill: dict[str, RefundSubmitted] = {}
    for envelope in source.messages():
        message, day = parsed(envelope), _local_day(envelope.time)
        if isinstance(message, OrderSubmitted):
            orders[message.order_id] = (day, message)
            for line in message.lines:
                amounts = (line.list_amount.amount, line.discount_amount.amount, line.quantity)
                yield message.order_id, line.product_id, day, day, *amounts, 0, 0
        elif isinstance(message, RefundSubmitted):
            goodwill[message.refund_id] = message
        elif isinstance(message, RefundPaid):
            paid_day, order = orders[message.order_id]
            given = goodwill.get(message.refund_id or "")
            back = {line.line_id: (line.goods_amount.amount, 0) for line in given.lines} if given else {}
            for line in order.lines:
                whole = (line.list_amount.amount - line.discount_amount.amount, line.quantity)
                amount, units = back.get(line.line_id, (0, 0)) if given else whole
                yield order.order_id, line.product_id, paid_day, day, 0, 0, 0, amount, units


def _local_day(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(TIMEZONE)).date()


@pytest.mark.parametrize("period", [A_WEEK, Period(date(2017, 3, 11), date(2017, 3, 12))])
def test_the_mapping_and_the_expectation_agree_on_real_baskets_though_they_share_no_code(period: Period) -> None:
    real = CompleteJourneyFiles.installed()
    wanted = bookings(sold_lines(real, period))
    told = pl.DataFrame(list(from_messages(CompleteJourney(real, period))), wanted.schema, orient="row")
    assert list(differences(sums(wanted), sums(told))) == []
    assert wanted["gross"].sum() > 0 < wanted["reversals"].sum()


def test_the_week_of_the_demo_is_what_the_data_says() -> None:
    source = CompleteJourney(CompleteJourneyFiles.installed(), A_WEEK)
    sold = sold_lines(CompleteJourneyFiles.installed(), A_WEEK)
    assert (source.order_count, sold.height, sold["gross"].sum()) == (2993, 28074, 9_892_210)
