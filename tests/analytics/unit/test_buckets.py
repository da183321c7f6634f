from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.analytics.buckets import Grain, Period, bucket, day_of

DATES = st.dates(date(1990, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        (datetime(2026, 3, 1, 14, 59, 59, 999000, UTC), "Asia/Seoul", "2026-03-01"),
        (datetime(2026, 3, 1, 15, 0, tzinfo=UTC), "Asia/Seoul", "2026-03-02"),
        (datetime(2017, 1, 16, 4, 59, tzinfo=UTC), "America/New_York", "2017-01-15"),
        (datetime(2017, 1, 16, 5, 0, tzinfo=UTC), "America/New_York", "2017-01-16"),
        # The clocks go forward on 12 March: midnight is four hours from UTC on the 13th, five on the 12th.
        (datetime(2017, 3, 12, 4, 59, tzinfo=UTC), "America/New_York", "2017-03-11"),
        (datetime(2017, 3, 12, 5, 0, tzinfo=UTC), "America/New_York", "2017-03-12"),
        (datetime(2017, 3, 13, 3, 59, tzinfo=UTC), "America/New_York", "2017-03-12"),
        (datetime(2017, 3, 13, 4, 0, tzinfo=UTC), "America/New_York", "2017-03-13"),
        # In Brazil they went forward at midnight: the day of 15 October 2017 began at one.
        (datetime(2017, 10, 15, 2, 59, tzinfo=UTC), "America/Sao_Paulo", "2017-10-14"),
        (datetime(2017, 10, 15, 3, 0, tzinfo=UTC), "America/Sao_Paulo", "2017-10-15"),
    ],
)
def test_a_day_is_a_day_of_the_store(moment: datetime, zone: str, day: str) -> None:
    assert day_of(moment, zone) == day


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (date(2017, 1, 1), "2016-W52"),
        (date(2017, 1, 2), "2017-W01"),
        (date(2020, 12, 31), "2020-W53"),
        (date(2021, 1, 3), "2020-W53"),
        (date(2021, 1, 4), "2021-W01"),
        (date(2024, 12, 30), "2025-W01"),
        (date(2026, 11, 22), "2026-W47"),
    ],
)
def test_a_week_belongs_to_its_iso_year(day: date, week: str) -> None:
    assert bucket(Grain.WEEK, day).key == week


@settings(deadline=None)
@given(st.sampled_from(Grain), DATES)
def test_a_bucket_holds_its_days_and_no_other(grain: Grain, day: date) -> None:
    its = bucket(grain, day)
    assert its.first <= day <= its.last
    assert bucket(grain, its.first) == bucket(grain, its.last) == its


@settings(deadline=None)
@given(st.sampled_from(Grain), DATES, DATES)
def test_keys_sort_by_time(grain: Grain, one: date, other: date) -> None:
    one, other = sorted((one, other))
    assert bucket(grain, one).key <= bucket(grain, other).key


@settings(deadline=None)
@given(st.sampled_from(Grain), DATES, st.integers(0, 800))
def test_a_period_has_every_bucket_once(grain: Grain, first: date, days: int) -> None:
    last = date.fromordinal(first.toordinal() + days)
    period = Period.touching(grain, first, last)
    touched = {bucket(grain, date.fromordinal(n)) for n in range(first.toordinal(), last.toordinal() + 1)}
    assert len(period.buckets) == len(touched)
    assert set(period.buckets) == touched
    assert (period.first, period.last) == (bucket(grain, first).first, bucket(grain, last).last)


@pytest.mark.parametrize(
    ("first", "last", "grain"),
    [
        (date(2017, 1, 1), date(2017, 3, 31), Grain.MONTH),
        (date(2017, 1, 16), date(2017, 1, 22), Grain.WEEK),
        (date(2017, 1, 16), date(2017, 1, 21), Grain.DAY),
        (date(2017, 1, 2), date(2017, 1, 31), Grain.DAY),
        (date(2027, 2, 1), date(2027, 2, 28), Grain.MONTH),
    ],
)
def test_days_are_read_in_the_coarsest_grain_that_fits(first: date, last: date, grain: Grain) -> None:
    period = Period.exactly(first, last)
    assert period.grain is grain
    assert (period.first, period.last) == (first, last)
