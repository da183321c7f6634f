"""Days of the store's zone, and the day, ISO week and calendar month that a day belongs to."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo


class Grain(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True)
class Bucket:
    """A period of one grain. Keys of a grain sort by time: `2017-01-16`, `2017-W03` (the ISO year), `2017-01`."""

    grain: Grain
    key: str
    first: date
    last: date


def day_of(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).date().isoformat()


@lru_cache(maxsize=16_384)
def bucket(grain: Grain, day: date) -> Bucket:
    match grain:
        case Grain.DAY:
            return Bucket(grain, day.isoformat(), day, day)
        case Grain.WEEK:
            iso = day.isocalendar()
            monday = day - timedelta(days=day.weekday())
            return Bucket(grain, f"{iso.year:04}-W{iso.week:02}", monday, monday + timedelta(days=6))
        case Grain.MONTH:
            last = day.replace(day=monthrange(day.year, day.month)[1])
            return Bucket(grain, day.isoformat()[:7], day.replace(day=1), last)


@dataclass(frozen=True)
class Period:
    """The buckets of a grain that some days touch, each whole."""

    grain: Grain
    buckets: tuple[Bucket, ...]

    @classmethod
    def touching(cls, grain: Grain, first: date, last: date) -> "Period":
        return cls(grain, tuple(_buckets(grain, first, last)))

    @classmethod
    def exactly(cls, first: date, last: date) -> "Period":
        """In the coarsest grain that has no day besides these."""
        for grain in (Grain.MONTH, Grain.WEEK):
            if (bucket(grain, first).first, bucket(grain, last).last) == (first, last):
                return cls.touching(grain, first, last)
        return cls.touching(Grain.DAY, first, last)

    @property
    def first(self) -> date:
        return self.buckets[0].first

    @property
    def last(self) -> date:
        return self.buckets[-1].last

    @property
    def keys(self) -> tuple[str, str]:
        """The first and the last bucket's."""
        return self.buckets[0].key, self.buckets[-1].key

    @property
    def months(self) -> tuple[str, str]:
        """The first and the last that it touches."""
        return bucket(Grain.MONTH, self.first).key, bucket(Grain.MONTH, self.last).key


def _buckets(grain: Grain, first: date, last: date) -> Iterator[Bucket]:
    current = bucket(grain, first)
    yield current
    while current.last < last:
        current = bucket(grain, current.last + timedelta(days=1))
        yield current
