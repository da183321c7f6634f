"""What runs in a data directory, for the commands of other processes: state.json, replaced as a whole."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from deploy.local.identity import Identity
from deploy.local.keeper import Child

Phase = Literal["starting", "ready", "stopping", "failed", "stopped"]


class PartState(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    identity: Identity
    url: str
    log: Path
    ready: bool
    restarts: int
    exit_code: int | None

    @classmethod
    def of(cls, child: Child) -> "PartState":
        return cls(
            name=child.part.name,
            identity=child.identity,
            url=child.part.url,
            log=child.part.log,
            ready=child.ready,
            restarts=child.restarts,
            exit_code=child.exit_code,
        )


class StackState(BaseModel):
    model_config = ConfigDict(frozen=True)

    keeper: Identity
    phase: Phase
    failure: str = ""
    store: str = ""
    kafka: str
    mongo: str
    parts: tuple[PartState, ...] = ()

    def write(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        fresh = directory / "state.json.new"
        fresh.write_text(self.model_dump_json(indent=2))
        fresh.replace(directory / "state.json")

    def runs(self) -> bool:
        return self.phase not in ("stopped", "failed") and self.keeper.process() is not None

    def left_behind(self) -> list[PartState]:
        """What still runs though its keeper does not."""
        return [] if self.runs() else [part for part in self.parts if part.identity.process()]

    def url(self, part: str) -> str:
        return next(state.url for state in self.parts if state.name == part)


def read_state(directory: Path) -> StackState | None:
    try:
        return StackState.model_validate_json((directory / "state.json").read_text())
    except (FileNotFoundError, ValidationError):
        return None


def end_orphans(directory: Path) -> list[str]:
    """Ends the parts that a killed keeper left behind here, services before the brokers they need."""
    state = read_state(directory)
    orphans = state.left_behind()[::-1] if state else []
    for part in orphans:
        part.identity.end(seconds=20)
    return [part.name for part in orphans]


def part_states(children: Iterable[Child]) -> tuple[PartState, ...]:
    return tuple(PartState.of(child) for child in children)
