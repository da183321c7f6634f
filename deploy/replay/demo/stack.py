import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local import lifecycle
from deploy.local.plan import Plan, service_commands
from deploy.local.ports import free_ports
from deploy.local.state import StackState
from deploy.local.store import DATA, STORES, StoreName


@contextmanager
def fresh_stack(store: StoreName, progress: Callable[[str], None]) -> Iterator[StackState]:
    """Everything in a new directory on free ports, stopped in any case; after a failure its logs stay."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.environ.setdefault("INQUIRIES_LANGUAGE", "en")
    DATA.mkdir(exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="demo-", dir=DATA))
    plan = Plan(directory=directory, store=STORES[store], ports=free_ports(), services=service_commands())
    try:
        yield lifecycle.up(plan, progress)
    except BaseException:
        lifecycle.down(directory)
        _keep_only_logs(directory)
        progress(f"The logs are in {directory}")
        raise
    lifecycle.down(directory)
    shutil.rmtree(directory)


def _keep_only_logs(directory: Path) -> None:
    for path in directory.iterdir():
        if path.is_dir() and path.name != "logs":
            shutil.rmtree(path, ignore_errors=True)
