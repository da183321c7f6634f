"""The supervisor as `sellerdesk up` launches it, on the session's brokers, with dummies in the place of services."""

import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from uuid6 import uuid7

from deploy.local import lifecycle
from deploy.local.failure import StackFailure
from deploy.local.plan import Plan
from deploy.local.ports import free_ports
from deploy.local.state import StackState, read_state
from deploy.local.status import status_of
from deploy.local.store import STORES
from tests.support.command import sellerdesk
from tests.support.stack import Stack

MakePlan = Callable[..., Plan]


@pytest.fixture
def plan(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakePlan]:
    monkeypatch.setenv("TOPIC_PREFIX", f"t{uuid7().hex}.")

    def build(store: str = "default", **traits: str) -> Plan:
        dummies = {name: (sys.executable, "-m", "tests.local.dummy_service", name) for name in ("catalog", "orders")}
        return Plan(
            directory=tmp_path / "store",
            store=next(known for known in STORES.values() if known.name == store),
            ports=free_ports(),
            brokers=(stack.kafka, stack.mongo),
            services={name: (*command, *traits.get(name, "").split()) for name, command in dummies.items()},
        )

    yield build
    lifecycle.down(tmp_path / "store")


def eventually(directory: Path, condition: Callable[[StackState], bool], seconds: float = 20) -> StackState:
    deadline = time.monotonic() + seconds
    while not ((state := read_state(directory)) and condition(state)):
        assert time.monotonic() < deadline, f"it never came true of {state}"
        time.sleep(0.02)
    return state


def part_pids(state: StackState) -> dict[str, int]:
    return {part.name: part.identity.pid for part in state.parts}


def test_up_returns_when_every_service_is_ready(plan: MakePlan) -> None:
    said: list[str] = []
    state = lifecycle.up(plan(), said.append)
    assert state.phase == "ready"
    assert [part.ready for part in state.parts] == [True, True]
    assert sorted(said) == ["catalog is ready", "orders is ready"]


def test_status_joins_processes_with_what_services_tell(plan: MakePlan) -> None:
    status = status_of(lifecycle.up(plan()))
    assert [process.state for process in status.processes] == ["running", "running"]
    assert all(process.rss_bytes > 1_000_000 for process in status.processes)
    [orders] = [service for service in status.services if service.service == "orders"]
    assert (orders.consumers[0].lag, orders.outbox.oldest_seconds, orders.held, orders.parked) == (7, 1.5, 2, 1)
    assert status.silent == []


def test_the_status_command_shows_lag_and_waiting_records(plan: MakePlan) -> None:
    lifecycle.up(made := plan())
    shown = sellerdesk("status", "--data", made.directory).stdout
    assert re.search(r"orders\s+│ orders\.inbox\s+│\s+7 │ 0:7", shown)
    assert re.search(r"orders\s+│\s+3 │ 1\.5 s\s+│\s+2 │\s+1 │", shown)
    told = json.loads(sellerdesk("status", "--data", made.directory, "--json").stdout)
    assert [process["name"] for process in told["processes"]] == ["catalog", "orders"]


def test_a_killed_service_runs_again(plan: MakePlan) -> None:
    first = lifecycle.up(made := plan())
    os.kill(part_pids(first)["orders"], signal.SIGKILL)
    again = eventually(made.directory, lambda state: any(part.restarts for part in state.parts))
    assert part_pids(again)["orders"] != part_pids(first)["orders"]
    assert part_pids(again)["catalog"] == part_pids(first)["catalog"]


def test_up_refuses_what_already_runs(plan: MakePlan) -> None:
    state = lifecycle.up(made := plan())
    with pytest.raises(lifecycle.AlreadyRuns, match=rf"default already runs \(process {state.keeper.pid}, ready\)"):
        lifecycle.up(made)


def test_down_ends_every_process(plan: MakePlan) -> None:
    state = lifecycle.up(made := plan())
    assert lifecycle.down(made.directory) == ["catalog", "orders"]
    assert [identity.process() for identity in (state.keeper, *(part.identity for part in state.parts))] == [None] * 3
    assert lifecycle.down(made.directory) == []


def test_a_service_that_keeps_dying_ends_the_start_and_leaves_nothing(plan: MakePlan) -> None:
    made = plan(catalog="dies")
    with pytest.raises(StackFailure, match=r"(?s)catalog keeps dying.*the settings of this service are wrong"):
        lifecycle.up(made)
    state = read_state(made.directory)
    assert state
    assert (state.phase, state.parts, state.runs()) == ("failed", (), False)


def test_up_ends_what_a_killed_supervisor_left_behind(plan: MakePlan) -> None:
    first = lifecycle.up(made := plan())
    os.kill(first.keeper.pid, signal.SIGKILL)
    eventually(made.directory, lambda state: len(state.left_behind()) == 2)
    assert lifecycle.running(made.directory.parent) == [made.directory]
    second = lifecycle.up(made)
    assert [part.identity.process() for part in first.parts] == [None, None]
    assert second.phase == "ready"


def test_a_store_is_not_opened_with_other_settings(plan: MakePlan) -> None:
    lifecycle.up(made := plan())
    lifecycle.down(made.directory)
    with pytest.raises(StackFailure, match="was created as store default"):
        lifecycle.up(plan(store="olist"))


def test_reset_waits_for_down_and_deletes_nothing_but_a_store(plan: MakePlan, tmp_path: Path) -> None:
    lifecycle.up(made := plan())
    with pytest.raises(StackFailure, match="`sellerdesk down` comes first"):
        lifecycle.reset(made.directory)
    lifecycle.down(made.directory)
    lifecycle.reset(made.directory)
    assert not made.directory.exists()
    with pytest.raises(StackFailure, match="holds no store"):
        lifecycle.reset(tmp_path)


def test_brokers_that_are_not_there_are_named(plan: MakePlan) -> None:
    nowhere = f"127.0.0.1:{free_ports()['kafka']}"
    made = plan().model_copy(update={"brokers": (nowhere, "mongodb://127.0.0.1")})
    with pytest.raises(StackFailure, match=f"topics could not be created on {nowhere}"):
        lifecycle.up(made)
