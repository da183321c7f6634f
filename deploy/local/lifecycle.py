"""What `sellerdesk up`, `down` and `reset` do, for other programs: the demo and the tests call these."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from deploy.local.failure import StackFailure
from deploy.local.identity import Identity
from deploy.local.plan import Plan
from deploy.local.ports import refuse_taken
from deploy.local.state import StackState, end_orphans, read_state
from deploy.local.store import JARS, is_store, open_store

LAUNCH = """
import subprocess, sys
with open(sys.argv[1], "ab") as log:
    options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "start_new_session": True}
    print(subprocess.Popen(sys.argv[2:], **options).pid)
"""
STOP_SECONDS = 90


class AlreadyRuns(StackFailure):
    def __init__(self, state: StackState) -> None:
        super().__init__(f"Store {state.store} already runs (process {state.keeper.pid}, {state.phase}).")
        self.state = state


def up(plan: Plan, progress: Callable[[str], None] = lambda _: None) -> StackState:
    """Returns when every part is ready; whatever prevents that is a StackFailure, and then nothing is left running."""
    if (state := read_state(plan.directory)) and state.runs():
        raise AlreadyRuns(state)
    open_store(plan.directory, plan.store)
    end_orphans(plan.directory)
    refuse_taken(plan.own_ports)
    if not plan.brokers and not JARS.exists():
        progress("Kafka's jars are fetched, 44 MB, the first time only")
    supervisor = _launch(plan)
    try:
        return _wait_until_ready(plan, supervisor, progress)
    except BaseException:
        supervisor.end(STOP_SECONDS)
        end_orphans(plan.directory)
        raise


def down(directory: Path) -> list[str]:
    """The parts that it stopped."""
    state = read_state(directory)
    if state is None or not state.runs():
        return end_orphans(directory)
    state.keeper.end(STOP_SECONDS)
    end_orphans(directory)
    return [part.name for part in state.parts]


def reset(directory: Path) -> None:
    if (state := read_state(directory)) and state.runs():
        raise StackFailure(f"Store {state.store} runs (process {state.keeper.pid}); `sellerdesk down` comes first.")
    if not is_store(directory):
        raise StackFailure(f"{directory} holds no store; nothing was deleted.")
    end_orphans(directory)
    shutil.rmtree(directory)


def running(data: Path) -> list[Path]:
    """Stores of which anything runs."""
    found = [(path.parent, read_state(path.parent)) for path in sorted(data.glob("*/state.json"))]
    return [directory for directory, state in found if state and (state.runs() or state.left_behind())]


def _launch(plan: Plan) -> Identity:
    """Through a process that ends at once, so that the supervisor is nobody's child."""
    (plan.directory / "plan.json").write_text(plan.model_dump_json(indent=2))
    command = [sys.executable, "-m", "deploy.local.supervisor", str(plan.directory)]
    launcher = [sys.executable, "-c", LAUNCH, str(plan.directory / "supervisor.log"), *command]
    done = subprocess.run(launcher, stdout=subprocess.PIPE, check=True)
    try:
        return Identity.of(int(done.stdout))
    except psutil.NoSuchProcess:
        return Identity(int(done.stdout), 0)


def _wait_until_ready(plan: Plan, supervisor: Identity, progress: Callable[[str], None]) -> StackState:
    told: list[str] = []
    while True:
        runs = supervisor.process() is not None  # asked before its record is read: it writes before it ends
        state = read_state(plan.directory)
        mine = state if state and state.keeper.pid == supervisor.pid else None
        for sentence in _news(mine, told):
            progress(sentence)
        if mine and mine.phase == "ready":
            return mine
        if not runs:
            said = mine.failure if mine else ""
            raise StackFailure(said or f"The supervisor ended. {plan.directory / 'supervisor.log'} says why.")
        time.sleep(0.05)


def _news(state: StackState | None, told: list[str]) -> Iterator[str]:
    for part in state.parts if state else ():
        if part.ready and part.name not in told:
            told.append(part.name)
            yield f"{part.name} is ready"
