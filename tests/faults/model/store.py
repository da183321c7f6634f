"""MongoDB as transactions see it: each decides on a snapshot and commits later, or finds what it wrote changed."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from shared.runtime.batch import Batch, Writes
from shared.runtime.decision import Kind
from shared.runtime.handlers import Handlers
from shared.runtime.records import Read
from shared.runtime.settings import ServiceSettings
from shared.runtime.working_set import Partition
from tests.support.memory import MemoryRuntime

Moves = Mapping[Partition, tuple[int, int]]
"""Per partition from the expected offset to the one behind the batch."""


class Outcome(Enum):
    """Unless it is committed nothing is written: another one was faster, or has read these records."""

    COMMITTED = auto()
    CONFLICT = auto()
    FENCED = auto()


@dataclass(frozen=True)
class Transaction:
    writes: Writes
    moves: Moves = field(default_factory=dict)


class Store(MemoryRuntime):
    """The collections of one consumer group."""

    guards_offsets = True

    def __init__(self, service: str, table: Handlers, kinds: Sequence[Kind[Any]], settings: ServiceSettings) -> None:
        super().__init__(service, table, kinds, settings)
        self.next: Counter[Partition] = Counter()
        self.counts_of: dict[Partition, Counter[str]] = {}

    def begin(self, incoming: Sequence[Read], act: Callable[[Batch], Any], moves: Moves | None = None) -> Transaction:
        _, writes = self._decide(incoming, act)
        return Transaction(writes, moves or {})

    def commit(self, transaction: Transaction) -> Outcome:
        if self._conflicts(transaction.writes):
            return Outcome.CONFLICT
        if self._is_fenced(transaction.moves):
            return Outcome.FENCED
        self._write(transaction.writes)
        for place, (_, following) in transaction.moves.items():
            self.next[place] = following
        for place, counts in transaction.writes.counts.items():
            self.counts_of.setdefault(place, Counter()).update(counts)
        return Outcome.COMMITTED

    def _is_fenced(self, moves: Moves) -> bool:
        return self.guards_offsets and any(self.next[place] != expected for place, (expected, _) in moves.items())

    def _conflicts(self, writes: Writes) -> bool:
        """A document is compared with the version it was read in, a new one and a message's id are inserted."""
        versions = {entry.ref: self._stored(entry.ref).version for entry in writes.entries}
        return (
            any(versions[entry.ref] != entry.before.version for entry in writes.entries)
            or any(self.gates.get(gate.key, (0, 0))[0] != gate.version for gate in writes.gates)
            or not self.seen.isdisjoint(writes.seen)
        )
