"""Places where the fault tests kill a process: `SELLERDESK_FAILPOINT=consume.before_commit@3` dies at the third."""

import os
import signal
from collections import Counter

_name, _, _nth = os.environ.get("SELLERDESK_FAILPOINT", "").partition("@")
_passes: Counter[str] = Counter()


def failpoint(name: str) -> None:
    if name != _name:
        return
    _passes[name] += 1
    if _passes[name] == int(_nth or 1):
        os.kill(os.getpid(), signal.SIGKILL)
