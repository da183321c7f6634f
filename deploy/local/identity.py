"""Which process is ours: a pid alone may have been given to somebody else by now."""

import os
import signal
from dataclasses import dataclass

import psutil

CLOCK_SLACK_SECONDS = 2.0


@dataclass(frozen=True)
class Identity:
    pid: int
    born: float

    @classmethod
    def of(cls, pid: int) -> "Identity":
        return cls(pid, psutil.Process(pid).create_time())

    @classmethod
    def own(cls) -> "Identity":
        return cls.of(os.getpid())

    def process(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.born) < CLOCK_SLACK_SECONDS
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None

    def end(self, seconds: float) -> None:
        """SIGTERM, and SIGKILL for what has not gone by then. A frozen process is woken to hear it."""
        try:
            if process := self.process():
                process.send_signal(signal.SIGTERM)
                process.send_signal(signal.SIGCONT)
                _wait_or_kill(process, seconds)
        except psutil.NoSuchProcess:
            pass


def _wait_or_kill(process: psutil.Process, seconds: float) -> None:
    try:
        process.wait(seconds)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(5)
