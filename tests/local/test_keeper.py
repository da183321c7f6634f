import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.failure import StackFailure
from deploy.local.keeper import Keeper, pause
from deploy.local.mongo import missing_library
from deploy.local.part import Part

RUNS_ON = "import signal; print('here', flush=True); signal.pause()"


@pytest.fixture
def keeper() -> Iterator[Keeper]:
    keeper = Keeper()
    yield keeper
    keeper.stop()


@pytest.fixture
def part(tmp_path: Path) -> Callable[..., Part]:
    def build(program: str, **changes: object) -> Part:
        log = tmp_path / "logs" / "part.log"
        options = {"ready": lambda: log.exists() and b"here" in log.read_bytes(), "start_seconds": 20, **changes}
        return Part(name="part", command=[sys.executable, "-c", program], log=log, url="", **options)  # type: ignore[arg-type]

    return build


def tend_until(keeper: Keeper, condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        keeper.tend()
        time.sleep(0.01)


def test_start_returns_when_the_part_is_ready(keeper: Keeper, part: Callable[..., Part]) -> None:
    keeper.start([part(RUNS_ON)])
    assert keeper.children["part"].ready


def test_a_killed_part_runs_again(keeper: Keeper, part: Callable[..., Part]) -> None:
    keeper.start([part(RUNS_ON)])
    child = keeper.children["part"]
    first = child.identity.pid
    child.process.send_signal(signal.SIGKILL)
    tend_until(keeper, lambda: child.restarts == 1)
    assert child.identity.pid != first
    assert child.exit_code is None


def test_a_part_that_ends_in_peace_is_left_alone(keeper: Keeper, part: Callable[..., Part]) -> None:
    keeper.start(
        [part("import signal; signal.signal(15, lambda *_: exit(0)); print('here', flush=True); signal.pause()")]
    )
    child = keeper.children["part"]
    child.process.terminate()
    tend_until(keeper, lambda: child.exit_code == 0)
    keeper.tend()
    assert (child.restarts, child.restart_at) == (0, None)


def test_a_part_that_keeps_dying_is_named_with_its_last_words(keeper: Keeper, part: Callable[..., Part]) -> None:
    with pytest.raises(StackFailure, match=r"(?s)part keeps dying \(exit code 1\).*no such setting") as failure:
        keeper.start([part("exit('no such setting')")])
    assert str(failure.value).count("no such setting") == 3


def test_a_part_that_is_never_ready_is_given_up(keeper: Keeper, part: Callable[..., Part]) -> None:
    with pytest.raises(StackFailure, match="was not ready within 0 s"):
        keeper.start([part(RUNS_ON, ready=lambda: False, start_seconds=0.2)])


def test_a_part_that_ends_before_it_is_ready_is_given_up(keeper: Keeper, part: Callable[..., Part]) -> None:
    with pytest.raises(StackFailure, match="part ended before it was ready"):
        keeper.start([part("", ready=lambda: False)])


def test_words_of_an_earlier_run_are_not_quoted(keeper: Keeper, part: Callable[..., Part]) -> None:
    dying = part("exit('new words')")
    dying.log.parent.mkdir()
    dying.log.write_text("old words\n")
    with pytest.raises(StackFailure) as failure:
        keeper.start([dying])
    assert "old words" not in str(failure.value)


def test_a_program_that_is_not_there_is_named(keeper: Keeper, tmp_path: Path) -> None:
    ghost = Part("mongo", [str(tmp_path / "mongod")], tmp_path / "mongo.log", ready=lambda: True, url="")
    with pytest.raises(StackFailure, match="mongo cannot be started"):
        keeper.start([ghost])


def test_a_missing_system_library_is_named_with_its_package(keeper: Keeper, part: Callable[..., Part]) -> None:
    words = "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file"
    with pytest.raises(StackFailure, match=r"libcurl\.so\.4.*apt-get install libcurl4"):
        keeper.start([part(f"exit({words!r})", advice=missing_library)])


def test_a_frozen_and_stubborn_part_is_stopped_all_the_same(keeper: Keeper, part: Callable[..., Part]) -> None:
    stubborn = "import signal; signal.signal(15, signal.SIG_IGN); " + RUNS_ON
    keeper.start([part(stubborn, stop_seconds=0.3)])
    process = keeper.children["part"].process
    process.send_signal(signal.SIGSTOP)
    keeper.stop()
    assert process.returncode == -signal.SIGKILL
    assert keeper.children == {}


def test_pauses_double_up_to_half_a_minute() -> None:
    assert [pause(deaths) for deaths in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
