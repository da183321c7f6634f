from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.failure import StackFailure
from deploy.local.identity import Identity
from deploy.local.kafka import kafka
from deploy.local.keeper import Keeper
from deploy.local.mongo import mongo
from deploy.local.part import Part
from deploy.local.ports import Ports, free_ports, refuse_taken
from deploy.local.state import Phase, StackState, end_orphans, part_states, read_state


def broker_parts(directory: Path, ports: Ports) -> list[Part]:
    return [mongo(directory / "mongo", ports["mongo"]), kafka(directory / "kafka", ports)]


class EmbeddedStack:
    """Kafka and MongoDB with their data in a directory, for as long as a `with` block lasts."""

    def __init__(self, directory: Path, ports: Ports | None = None) -> None:
        self.directory = directory
        self.ports = ports or free_ports()
        self.keeper = Keeper(on_change=self._record)
        self._parts = broker_parts(directory, self.ports)
        self._phase: Phase = "starting"

    @property
    def mongo(self) -> str:
        return self._parts[0].url

    @property
    def kafka(self) -> str:
        return self._parts[1].url

    def __enter__(self) -> Self:
        if (state := read_state(self.directory)) and state.runs():
            raise StackFailure(f"A stack already runs in {self.directory} (process {state.keeper.pid}).")
        end_orphans(self.directory)
        refuse_taken(self.ports)
        try:
            self.keeper.start(self._parts)
        except BaseException:
            self.keeper.stop()
            raise
        self._phase = "ready"
        self._record()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._phase = "stopped"
        self.keeper.stop()

    def _record(self) -> None:
        """So that the next one here finds what this one left behind, should it be killed."""
        keeper, parts = Identity.own(), part_states(self.keeper.children.values())
        StackState(keeper=keeper, phase=self._phase, kafka=self.kafka, mongo=self.mongo, parts=parts).write(
            self.directory
        )
