"""The logs of all parts in one stream."""

from collections.abc import Iterator
from pathlib import Path


class Followed:
    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._path = path
        self._position = path.stat().st_size if path.exists() else 0
        self._rest = b""

    def new_lines(self) -> Iterator[str]:
        """Whole lines since the last call; a line half written comes with a later one."""
        if not self._path.exists():
            return
        with self._path.open("rb") as log:
            log.seek(self._position)
            fresh = log.read()
        self._position += len(fresh)
        *lines, self._rest = (self._rest + fresh).split(b"\n")
        yield from (line.decode(errors="replace") for line in lines)
