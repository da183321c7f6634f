import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Phases:
    """Says what begins, and how long it took."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str, what: str) -> Iterator[None]:
        self._console.print(f"{what} …", style="bold", markup=False)
        began = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - began
        self._console.print(f"  {self.seconds[name]:.1f} s", style="dim")

    @property
    def total(self) -> float:
        return time.monotonic() - self._began
