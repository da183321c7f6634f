"""When a service counts as done, by what it says about itself."""

from collections.abc import Sequence

import httpx
import pytest

from deploy.local.failure import StackFailure
from deploy.replay import watch
from deploy.replay.watch import MANY, until_next_look, until_quiet, until_read

URL = "http://service"


def answer(next: int, end: int, outbox: int = 0) -> dict[str, object]:
    partition = {"group": "g", "topic": "t", "partition": 0, "next": next, "end": end, "lag": end - next}
    return {
        "service": "service",
        "store": {"currency": "USD", "timezone": "America/New_York"},
        "consumers": [partition],
        "outbox": {"rows": outbox, "oldest_seconds": 0.0},
        "held": 0,
        "parked": 0,
    }


class Told:
    """A service that gives these answers one after the other, and the last one for ever."""

    def __init__(self, answers: Sequence[dict[str, object]]) -> None:
        self.left = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=self.left.pop(0) if len(self.left) > 1 else self.left[0])


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "PATIENCE_SECONDS", 0.5)


def client(told: Told) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(told))


async def test_read_is_all_up_to_the_last_offset_sent_whatever_others_send_after_it() -> None:
    told = Told([answer(3, 6), answer(5, 9), answer(6, 9), answer(9, 9)])
    await until_read(client(told), URL, {("t", 0): 5})
    assert told.left == [answer(9, 9)]


async def test_quiet_is_nothing_left_in_two_looks_with_nothing_new_between_them() -> None:
    told = Told([answer(5, 5), answer(6, 6), answer(6, 6, outbox=1), answer(6, 6), answer(6, 6)])
    moment = await until_quiet(client(told), {"service": URL})
    assert told.left == [answer(6, 6)]
    assert moment.standings["service"].positions == {("t", 0): 6}


async def test_a_service_that_no_longer_moves_is_not_waited_for(patience: None) -> None:
    with pytest.raises(StackFailure, match=r"stopped reading: 3 records have been left for 0\.5 s"):
        await until_read(client(Told([answer(3, 6)])), URL, {("t", 0): 5})


async def test_a_service_that_does_not_answer_for_long_is_named(patience: None) -> None:
    refused = httpx.MockTransport(lambda request: httpx.Response(500))
    with pytest.raises(StackFailure, match=f"{URL}/ops/status does not tell"):
        await until_read(httpx.AsyncClient(transport=refused), URL, {("t", 0): 5})


async def test_a_service_that_does_not_answer_for_a_moment_is_waited_for() -> None:
    answers = iter([httpx.Response(503), httpx.Response(200, json=answer(6, 6))])
    restarting = httpx.MockTransport(lambda request: next(answers))
    await until_read(httpx.AsyncClient(transport=restarting), URL, {("t", 0): 5})
    assert next(answers, None) is None


def test_services_with_much_left_to_do_are_disturbed_seldom() -> None:
    assert until_next_look(MANY) == 10 * until_next_look(MANY - 1)
