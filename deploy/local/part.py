from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


def nothing() -> None: ...


def no_advice(_log: str) -> str | None:
    return None


@dataclass(frozen=True)
class Part:
    """One process of the stack, and what its keeper has to know about it."""

    name: str
    command: Sequence[str]
    log: Path
    ready: Callable[[], bool]
    """Asked again and again; must answer within a second or two."""
    url: str
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = nothing
    """Once, before the first start."""
    advice: Callable[[str], str | None] = no_advice
    """What the tail of its log means, where we know."""
    start_seconds: float = 60
    stop_seconds: float = 20
