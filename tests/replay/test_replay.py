"""Before anything is sent."""

from pathlib import Path

import httpx
import pytest

from deploy.local.ports import SERVICES
from deploy.replay.completejourney import CompleteJourney
from deploy.replay.period import Period
from deploy.replay.refusal import ReplayRefused
from deploy.replay.replay import refuse_other_store
from deploy.target import Target
from tests.replay.grocer import files, row

TARGET = Target("127.0.0.1:9", {name: f"http://{name}" for name in SERVICES})


def store(currency: str, timezone: str) -> httpx.AsyncClient:
    status = {
        "service": "any",
        "store": {"currency": currency, "timezone": timezone},
        "consumers": [],
        "outbox": {"rows": 0, "oldest_seconds": 0.0},
        "held": 0,
        "parked": 0,
    }
    return httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(200, json=status)))


@pytest.fixture
def source(tmp_path: Path) -> CompleteJourney:
    return CompleteJourney(files(tmp_path, [row()]), Period())


@pytest.mark.parametrize("other", [("KRW", "Asia/Seoul"), ("USD", "America/Chicago")])
async def test_a_store_of_another_currency_or_zone_is_refused(source: CompleteJourney, other: tuple[str, str]) -> None:
    with pytest.raises(ReplayRefused) as refused:
        await refuse_other_store(store(*other), TARGET, source)
    assert str(refused.value) == (
        f"This store counts in {other[0]} and {other[1]}, completejourney in USD and America/New_York; "
        "nothing was sent."
    )


async def test_its_own_store_is_taken(source: CompleteJourney) -> None:
    await refuse_other_store(store("USD", "America/New_York"), TARGET, source)
