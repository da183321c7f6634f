"""Keeps the parts of a stack running: starts them in stages, restarts what dies, stops all."""

import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from deploy.local.failure import StackFailure
from deploy.local.identity import Identity
from deploy.local.part import Part, nothing

FIRST_PAUSE, LONGEST_PAUSE, HEALTHY_AFTER = 0.5, 30.0, 60.0
DEATHS_WHILE_STARTING = 3
POLL = 0.05

log = logging.getLogger(__name__)


@dataclass
class Child:
    part: Part
    process: subprocess.Popen[bytes]
    identity: Identity
    log_from: int
    started: float = field(default_factory=time.monotonic)
    ready: bool = False
    restarts: int = 0
    deaths_in_a_row: int = 0
    restart_at: float | None = None

    @property
    def exit_code(self) -> int | None:
        return self.process.poll()


class Keeper:
    def __init__(self, on_change: Callable[[], None] = nothing) -> None:
        self.children: dict[str, Child] = {}
        self._on_change = on_change

    def start(self, parts: Sequence[Part], cancelled: Callable[[], bool] = lambda: False) -> None:
        """Returns when all are ready. They start together; one that keeps dying or stays silent ends it."""
        for part in parts:
            part.prepare()
            self._launch(part)
        deadlines = {part.name: time.monotonic() + part.start_seconds for part in parts}
        while not cancelled() and not all(self._settled(self.children[name]) for name in deadlines):
            for name, deadline in deadlines.items():
                self._refuse_hopeless(self.children[name], deadline)
            self.tend()
            time.sleep(POLL)

    def tend(self) -> None:
        """One look at every part: what exited with an error starts again, later each time it does."""
        for child in self.children.values():
            if child.exit_code is None:
                if child.deaths_in_a_row and time.monotonic() - child.started > HEALTHY_AFTER:
                    child.deaths_in_a_row = 0
            elif child.restart_at is None and child.exit_code != 0:
                self._schedule_restart(child)
            elif child.restart_at is not None and time.monotonic() >= child.restart_at:
                self._relaunch(child)

    def stop(self, names: Sequence[str] | None = None) -> None:
        """All at once, each within its own limit."""
        leaving = [child for name, child in self.children.items() if names is None or name in names]
        if leaving:
            with ThreadPoolExecutor(len(leaving)) as pool:
                list(pool.map(_end, leaving))
        for child in leaving:
            del self.children[child.part.name]
        self._on_change()

    def _settled(self, child: Child) -> bool:
        if not child.ready and child.exit_code is None and child.part.ready():
            child.ready = True
            self._on_change()
        return child.ready

    def _refuse_hopeless(self, child: Child, deadline: float) -> None:
        name, code = child.part.name, child.exit_code
        if child.ready:
            return
        if code is not None and (advice := child.part.advice(log_tail(child))):
            raise StackFailure(advice)
        if code is not None and child.deaths_in_a_row >= DEATHS_WHILE_STARTING:
            raise StackFailure(f"{name} keeps dying (exit code {code}). {_quote_log(child)}")
        if code == 0:
            raise StackFailure(f"{name} ended before it was ready. {_quote_log(child)}")
        if time.monotonic() > deadline:
            raise StackFailure(f"{name} was not ready within {child.part.start_seconds:.0f} s. {_quote_log(child)}")

    def _schedule_restart(self, child: Child) -> None:
        seconds = pause(child.deaths_in_a_row)
        log.warning("%s ended with exit code %s and starts again in %.1f s", child.part.name, child.exit_code, seconds)
        child.restart_at = time.monotonic() + seconds
        child.deaths_in_a_row += 1
        self._on_change()

    def _launch(self, part: Part) -> None:
        log_from = part.log.stat().st_size if part.log.exists() else 0
        process = _spawn(part)
        self.children[part.name] = Child(part, process, Identity.of(process.pid), log_from)
        self._on_change()

    def _relaunch(self, child: Child) -> None:
        child.process = _spawn(child.part)
        child.identity = Identity.of(child.process.pid)
        child.started = time.monotonic()
        child.restarts += 1
        child.restart_at = None
        self._on_change()


def pause(deaths_in_a_row: int) -> float:
    return min(FIRST_PAUSE * 2.0**deaths_in_a_row, LONGEST_PAUSE)


def log_tail(child: Child, lines: int = 15) -> str:
    """What it said last, since its keeper first started it."""
    path = child.part.log
    with path.open("rb") as log:
        log.seek(max(child.log_from, path.stat().st_size - 16_384))
        return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])


def _quote_log(child: Child) -> str:
    return f"The end of {child.part.log}:\n{log_tail(child)}"


def _spawn(part: Part) -> subprocess.Popen[bytes]:
    """In a session of its own: Ctrl-C reaches the keeper, which stops the parts in order."""
    part.log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with part.log.open("ab") as log:
            return subprocess.Popen(
                part.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **part.environment},
                start_new_session=True,
            )
    except OSError as error:
        raise StackFailure(f"{part.name} cannot be started: {error}") from error


def _end(child: Child) -> None:
    child.process.terminate()
    child.process.send_signal(signal.SIGCONT)  # a frozen one hears SIGTERM only now
    try:
        child.process.wait(child.part.stop_seconds)
    except subprocess.TimeoutExpired:
        child.process.kill()
        child.process.wait()
