import time
from datetime import UTC, datetime, timedelta

from deploy.replay.replay import Pace

NOON = datetime(2017, 1, 16, 12, tzinfo=UTC)


async def elapsed(pace: Pace, *seconds: int) -> float:
    began = time.monotonic()
    for second in seconds:
        await pace.wait_for(NOON + timedelta(seconds=second))
    return time.monotonic() - began


async def test_a_speed_is_seconds_of_the_data_per_second() -> None:
    assert await elapsed(Pace(3600), 0, 360, 720) >= 0.2


async def test_without_a_speed_nothing_waits() -> None:
    assert await elapsed(Pace(), 0, 86_400) < 1
