"""The arithmetic of the bench: a wrong percentile would praise or blame the services for nothing."""

import pytest

from services.analytics.buckets import Grain
from services.analytics.ledger import LedgerRow, RowKind
from tests.benchmarks import plain_rollups
from tests.benchmarks.figures import Figure, Goal, Result, latencies, percentile, table
from tests.support.memory import T0


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 50), (0.99, 99), (1.0, 100)])
def test_a_percentile_is_the_smallest_value_that_its_share_does_not_exceed(share: float, value: int) -> None:
    assert percentile([*range(100, 0, -1)], share) == value


def test_the_only_value_is_every_percentile() -> None:
    assert percentile([7.0], 0.5) == percentile([7.0], 0.99) == 7.0


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_latencies_are_milliseconds_with_a_goal_for_the_p99() -> None:
    half, most = latencies("answer", [0.1] * 98 + [0.2, 0.4], most_p99=150)
    assert (half.value, half.met) == (100, None)
    assert (most.value, most.met) == (200, False)


@pytest.mark.parametrize(
    ("goal", "met"), [(Goal(least=10), True), (Goal(most=10), True), (Goal(least=11), False), (Goal(most=9), False)]
)
def test_a_goal_is_met_at_its_bound(goal: Goal, met: bool) -> None:
    assert Figure("speed", 10, "x/s", goal).met is met


def test_the_table_and_the_document_say_which_goals_are_missed() -> None:
    figures = [Figure("speed", 1234.5, "x/s", Goal(least=2000)), Figure("size", 2.345, "MB")]
    result = Result("inbox", figures, seconds=3.0, load=0.2, pace=20.0)
    columns = [list(column.cells) for column in table(result).columns]
    assert columns[1] == ["1,234", "2.35"]
    assert columns[3] == ["≥ 2,000 MISSED", ""]
    assert [figure["met"] for figure in result.document()["figures"]] == [False, None]


def test_a_sold_line_is_in_six_plain_rollups_and_its_order_counts_once_for_the_store() -> None:
    sold = {"order_id": "ord_1", "kind": RowKind.SALE, "currency": "KRW", "counted": 1}
    sold |= {"paid_at": T0, "paid_day": "2026-03-02", "occurred_at": T0, "event_day": "2026-03-02"}
    rows = [LedgerRow(**sold), LedgerRow(**sold, line_id="1", product_id="prd_1", units=2, list_amount=500)]
    sums = plain_rollups.sums(rows)
    assert len(sums) == 6
    for grain, key in ((Grain.DAY, "2026-03-02"), (Grain.WEEK, "2026-W10"), (Grain.MONTH, "2026-03")):
        figures = {"orders": 1, "units": 2, "gross": 500}
        assert sums[(None, grain, key)] == sums[("prd_1", grain, key)] == figures
