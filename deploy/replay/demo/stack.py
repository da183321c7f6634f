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
    DATA.mkdir(exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="demo-", dir=DATA))
    plan = Plan(directory=directory, store=STORES[store], ports=free_ports(), services=service_commands())
    failed = False
    try:
        yield lifecycle.up(plan, progress)
    except Exception:
        failed = True
        raise
    finally:
        lifecycle.down(directory)
        _tidy(directory, keep_logs=failed)
        if failed:
            progress(f"The logs are in {directory}")


def _tidy(directory: Path, keep_logs: bool) -> None:
    """What Kafka and MongoDB stored is large; the logs are not."""
    if not keep_logs:
        shutil.rmtree(directory)
        return
    for path in directory.iterdir():
        if path.is_dir() and path.name != "logs":
            shutil.rmtree(path, ignore_errors=True)
