"""Business days of the store: not Saturdays, Sundays or public holidays of its country, substitute ones included."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from holidays import HolidayBase, country_holidays

END_OF_DAY = time(23, 59, 59)


@cache
def _holidays(country: str) -> HolidayBase:
    return country_holidays(country)


def is_business_day(day: date, country: str) -> bool:
    return day.weekday() < 5 and day not in _holidays(country)


def business_days_after(day: date, count: int, country: str) -> date:
    """The count-th business day after `day`, which itself does not count."""
    while count:
        day += timedelta(days=1)
        count -= is_business_day(day, country)
    return day


def end_of_business_day(moment: datetime, days: int, *, zone: str, country: str) -> datetime:
    """When the days-th business day after a moment ends in the store's zone, in UTC."""
    store = ZoneInfo(zone)
    day = business_days_after(moment.astimezone(store).date(), days, country)
    return datetime.combine(day, END_OF_DAY, store).astimezone(UTC)
