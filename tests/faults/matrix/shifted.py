"""A service whose clock a test can set: `python -m tests.faults.matrix.shifted orders`.

SIGUSR1 sets it an hour ahead, SIGUSR2 an hour behind, SIGHUP right.
"""

import signal
import sys
from datetime import datetime, timedelta, tzinfo
from importlib import import_module

from shared.runtime.service import run

JUMP = timedelta(hours=1)
AHEAD, BEHIND, RIGHT = signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP
OFFSETS = {AHEAD: JUMP, BEHIND: -JUMP, RIGHT: timedelta()}


class Clock(datetime):
    """What the service knows as `datetime`."""

    offset = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + cls.offset


def put_in_place() -> None:
    """Wherever the service's own code asks for the time; its libraries and the brokers keep the right one."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("shared.", "services.")) and vars(module).get("datetime") is datetime:
            vars(module)["datetime"] = Clock
    for sign in OFFSETS:
        signal.signal(sign, _set)


def _set(sign: int, _frame: object) -> None:
    Clock.offset = OFFSETS[signal.Signals(sign)]


if __name__ == "__main__":
    app = import_module(f"services.{sys.argv[1]}.app")
    put_in_place()
    run(app.build, app.Settings)
