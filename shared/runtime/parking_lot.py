"""The records that a batch sets aside for people, and the gates of their keys. Pure."""

from collections.abc import Mapping
from datetime import datetime

from shared.contracts.envelope import Envelope
from shared.runtime.announce import rejection_row
from shared.runtime.decision import Refusal
from shared.runtime.group import Group
from shared.runtime.records import Fault, Incoming, Record
from shared.runtime.stored import Gate, Parked
from shared.runtime.working_set import Output, Partition

QUEUED = Fault("QUEUED", "waits behind a parked record of its key")


class KeyFull(Exception):
    """So many records queue behind one key that its partition has to wait for an operator."""

    def __init__(self, key: str, partition: Partition) -> None:
        super().__init__(f"{key}: too many records queue behind a parked one")
        self.key = key
        self.partition = partition


class ParkingLot:
    def __init__(self, group: Group, gates: Mapping[str, tuple[int, int]], output: Output, wall: datetime) -> None:
        self.parked: list[Parked] = []
        self._group = group
        self._gates = {key: Gate(key, version, count) for key, (version, count) in gates.items()}
        self._output = output
        self._wall = wall

    @property
    def changed_gates(self) -> list[Gate]:
        return [gate for gate in self._gates.values() if gate.dirty]

    def gate(self, record: Record) -> Gate | None:
        """Of the record's key, open or closed, where there is one."""
        return self._gates.get(record.shown_key)

    def closed_gate(self, record: Record | None) -> Gate | None:
        """The gate that a record finds closed."""
        gate = self.gate(record) if record else None
        return None if gate is None or gate.passing else gate

    def refuse(self, incoming: Incoming, error: Exception) -> None:
        """After a bug in a decision later records of the key queue behind this one."""
        assert incoming.record is not None
        blocking = is_bug(error) and not incoming.handler.projection
        self.park(incoming.record, incoming.envelope, as_fault(error), blocking=blocking, seen=True)
        if blocking:
            key = incoming.record.shown_key
            gate = self._gates.setdefault(key, Gate(key, 0, 0))
            gate.shut()
            gate.passing = False

    def queue(self, incoming: Incoming, gate: Gate) -> None:
        """Raises KeyFull."""
        assert incoming.record is not None
        if gate.count >= self._group.settings.max_parked_per_key:
            raise KeyFull(gate.key, (incoming.record.topic, incoming.record.partition))
        self.queue_held(incoming, gate)

    def queue_held(self, incoming: Incoming, gate: Gate) -> None:
        """One that was woken queues like one that comes, even where the queue is full.

        It is stored in any case; if it waited on, the first retried record of the key would wake it before its turn.
        """
        assert incoming.record is not None
        self.park(incoming.record, incoming.envelope, QUEUED, queued=True, seen=True)
        gate.shut()

    def park(
        self,
        record: Record,
        envelope: Envelope | None,
        fault: Fault,
        *,
        blocking: bool = False,
        queued: bool = False,
        seen: bool = False,
    ) -> None:
        self.parked.append(
            Parked(
                id=f"{self._group.name}|{record.id}",
                record=record,
                envelope=envelope,
                fault=fault,
                parked_at=self._wall,
                blocking=blocking,
                queued=queued,
                seen=seen,
            )
        )
        if not blocking and not queued:
            self.reject(record, envelope, fault)

    def reject(self, record: Record, envelope: Envelope | None, fault: Fault) -> None:
        """Tell the sender."""
        if record.topic.endswith(".inbox"):
            self._output.outbox.append(rejection_row(self._group, record, envelope, fault, self._wall))


def is_bug(error: Exception) -> bool:
    return not isinstance(error, Refusal)


def as_fault(error: Exception) -> Fault:
    if isinstance(error, Refusal):
        return Fault(error.error, error.sentence, error.field, answer=True)
    return Fault("RAISED", f"{type(error).__name__}: {without_documents(error)}"[:1000])


def without_documents(error: Exception) -> str:
    """MongoDB's driver quotes at the end what it was to write, and that may name people."""
    return str(error).partition(", full error:")[0]
