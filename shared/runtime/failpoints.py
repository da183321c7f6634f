"""Places where the fault tests hit a process: `SELLERDESK_FAILPOINT=consume.before_commit@3` dies at the third pass.

`consume.before_commit@3:freeze` stops there instead, until somebody sends SIGCONT.
"""

import os
import signal
from collections import Counter

_place, _, _action = os.environ.get("SELLERDESK_FAILPOINT", "").partition(":")
_name, _, _nth = _place.partition("@")
_passes: Counter[str] = Counter()


def failpoint(name: str) -> None:
    if name != _name:
        return
    _passes[name] += 1
    if _passes[name] == int(_nth or 1):
        os.kill(os.getpid(), signal.SIGSTOP if _action == "freeze" else signal.SIGKILL)
