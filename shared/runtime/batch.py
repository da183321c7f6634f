"""The core of the runtime, pure: a batch of messages over loaded documents becomes what is to be written.

`transaction.py` loads, calls and writes; a Batch is thrown away and built anew when it turns out that more has to be
loaded, or when the transaction has to be tried again.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from shared.runtime.decision import Documents, NotYet, Ref
from shared.runtime.group import Group
from shared.runtime.history import row_of
from shared.runtime.parking_lot import QUEUED, ParkingLot, as_fault, is_bug
from shared.runtime.records import Fault, Incoming, Read, ReadPast, Record, Unreadable, by_arrival, read
from shared.runtime.revision import check
from shared.runtime.stored import Entry, Gate, Held, Parked
from shared.runtime.working_set import Loaded, NeedsMore, Output, Partition, WorkingSet

T = TypeVar("T")


@dataclass
class Writes:
    """Everything one transaction writes, beside the offsets."""

    entries: list[Entry]
    output: Output
    seen: dict[str, str] = field(default_factory=dict)
    """Key of the message to the subject it was about."""
    held: dict[str, Held] = field(default_factory=dict)
    released: set[str] = field(default_factory=set)
    parked: list[Parked] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)
    counts: dict[Partition, Counter[str]] = field(default_factory=dict)
    """Per partition, each record once: applied, duplicates, read_past, held, parked."""
    bugs: list[tuple[Incoming, Exception]] = field(default_factory=list)


class Batch:
    def __init__(self, group: Group, loaded: Loaded, wall: datetime) -> None:
        self.group = group
        self.wall = wall
        self.work = WorkingSet(group, loaded.documents)
        self.writes = Writes([], self.work.output)
        self._held = dict(loaded.held)
        self._held_on = loaded.held_on
        self._seen = set(loaded.seen)
        self._lot = ParkingLot(group, loaded.gates, self.work.output, wall)

    @classmethod
    def run(cls, group: Group, loaded: Loaded, wall: datetime, act: Callable[["Batch"], T]) -> tuple[T, Writes]:
        """What `act` makes of what is loaded. Raises NeedsMore as long as something is missing."""
        if refs := loaded.missing():
            raise NeedsMore(refs)
        batch = cls(group, loaded, wall)
        result = act(batch)
        return result, batch.finish()

    def take(self, incoming: Read) -> None:
        """Apply, hold, park or pass over one record of a topic. Raises nothing a handler raised."""
        if isinstance(incoming, ReadPast):
            self._count(incoming.record, "read_past")
        elif isinstance(incoming, Unreadable):
            self._lot.park(incoming.record, incoming.envelope, incoming.fault)
            self._count(incoming.record, "parked")
        elif incoming.seen_key in self._seen:
            self._count(incoming.record, "duplicates")
        elif gate := self._lot.closed_gate(incoming.record):
            self._lot.queue(incoming, gate)
            self._mark_seen(incoming)
            self._count(incoming.record, "parked")
        else:
            what, changed = self._try(incoming)
            self._wake(changed)
            self._count(incoming.record, what)

    def take_all(self, incoming: Iterable[Read]) -> None:
        for one in incoming:
            self.take(one)

    def refuse(self, incoming: Read, error: Exception) -> None:
        """Park a record whose outcome could not be stored, as if its handler had raised."""
        if not isinstance(incoming, Incoming):
            raise error
        self._refuse(incoming, error)
        self._count(incoming.record, "parked")

    def decide(self, incoming: Incoming, if_match: int | None = None) -> Documents:
        """Apply a command of a person; the documents after it. Raises Refusal."""
        if incoming.handler.edit:
            check(self.work.entry(incoming.ref), if_match)
        self._wake(self.work.apply(incoming))
        return self.work.documents(self.work.refs(incoming))

    def retry(self, incoming: Incoming, *, seen: bool, told: bool) -> Fault | None:
        """Apply a record that was parked; the reason when it has to stay parked.

        seen: its message was remembered when it was parked. One that could not be read then may have come again since.
        told: its sender knows of a refusal; that of one which queued until now does not.
        """
        assert incoming.record is not None
        gate = self._lot.gate(incoming.record)
        if gate is not None and gate.passing is False:
            return QUEUED
        if gate is not None:
            gate.passing = True
        if not seen and incoming.seen_key in self._seen:
            return None
        incoming.remembered = seen
        try:
            _, changed = self._apply(incoming)
        except Exception as error:
            fault = as_fault(error)
            if not fault.answer and gate is not None:
                gate.passing = False
            elif fault.answer and not told:
                self._lot.reject(incoming.record, incoming.envelope, fault)
            return fault
        self._wake(changed)
        return None

    def expire(self, held: Held) -> None:
        """End a wait, if it still lasts: by the handler's `on_expiry`, else by parking the record."""
        self.work.entry(self.group.ref(*held.waits_for))
        if held.id not in self._held:
            return
        held = self._held[held.id]
        self._release(held)
        incoming = read(held.record, self.group.table)
        if isinstance(incoming, Incoming) and incoming.handler.on_expiry is not None:
            incoming.expired = True
            incoming.held_at = held.held_at
            _, changed = self._try(incoming)
            self._wake(changed)
        else:
            envelope = incoming.envelope if isinstance(incoming, Incoming) else None
            fault = Fault("EXPIRED", f"waited until it expired: {held.sentence}")
            self._lot.park(held.record, envelope, fault, seen=True)

    def fire(self, incoming: Incoming, timer: str) -> None:
        """Run the decision of a timer, if the document still waits for it."""
        armed = self.work.entry(incoming.ref).timers.get(timer)
        if armed is None or armed.due != incoming.envelope.time or armed.fire_at > self.wall:
            return
        self._wake(self.work.apply(incoming))
        entry = self.work.entry(incoming.ref)
        if self.group.table.timers[entry.ref.kind].due(entry.state).get(timer) == armed.due:
            raise RuntimeError(f"{entry.ref} still waits for {timer} after it has come")

    def finish(self) -> Writes:
        self.work.derive()
        self.work.output.add_rows(row_of(ref, lines) for ref, lines in self.work.output.histories.items())
        self.writes.entries = self.work.changed()
        self._arm(self.writes.entries)
        self.writes.parked, self.writes.gates = self._lot.parked, self._lot.changed_gates
        return self.writes

    def _try(self, incoming: Incoming) -> tuple[str, list[Ref]]:
        """What became of the message: applied, duplicates, held or parked; and the documents whose change may wake."""
        try:
            return self._apply(incoming)
        except Exception as error:
            self._refuse(incoming, error)
            return "parked", []

    def _apply(self, incoming: Incoming) -> tuple[str, list[Ref]]:
        """As `_try`, but raises what the handler raises besides NotYet."""
        try:
            if self.work.stale(incoming):
                self.work.output.add_rows(self.work.appended(incoming, self.work.context(incoming)))
                return "duplicates", []
            changed = self.work.apply(incoming)
        except NotYet as early:
            self._hold(incoming, early)
            return "held", []
        self._mark_seen(incoming)
        return "applied", changed

    def _arm(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            timing = self.group.table.timers.get(entry.ref.kind)
            if timing is not None and entry.state is not None:
                entry.arm(timing.due(entry.state), self.wall, self.group.settings.catch_up)

    # -- held: legal in a state still ahead -----------------------------------------------------------------

    def _hold(self, incoming: Incoming, early: NotYet) -> None:
        """Keep the record until the document it waits for changes. Holding writes that document.

        One that is held on it already waits on as it did; on another one no longer.
        """
        assert incoming.record is not None
        id, ref = f"{self.group.name}|{incoming.record.id}", early.waits_for or incoming.ref
        waits_for = (ref.kind.name, ref.id)
        known = self._held.get(id)
        if known is not None and known.waits_for == waits_for:
            return
        held_at = incoming.held_at or self.wall
        held = Held(
            id=id,
            waits_for=waits_for,
            type=incoming.envelope.type,
            record=incoming.record,
            sentence=early.sentence,
            held_at=held_at,
            expires_at=held_at + (early.hold_for or self.group.settings.hold_for),
        )
        if known is not None:
            self._release(known)
        entry = self.work.entry(ref)
        entry.held += 1
        entry.dirty = True
        self._held[id] = self.writes.held[id] = held
        self.writes.released.discard(id)
        self._mark_seen(incoming)

    def _release(self, held: Held) -> None:
        del self._held[held.id]
        self.writes.held.pop(held.id, None)
        self.writes.released.add(held.id)
        entry = self.work.entry(self.group.ref(*held.waits_for))
        entry.held -= 1
        entry.dirty = True

    def _wake(self, changed: Iterable[Ref]) -> None:
        """Try the records held on changed documents again, in arrival order, until none moves."""
        queue = list(changed)
        while queue:
            queue += self._try_held_on(queue.pop())

    def _try_held_on(self, ref: Ref) -> list[Ref]:
        """The documents whose held records are to be tried now: others that one of these changed, and then it again.

        Where it alone was changed, only those that were tried before have to be tried again.
        """
        waits_on = False
        for held in self._waiting_for(ref):
            changed = self._try_held(held)
            if changed is None:
                waits_on = True
                continue
            others = [other for other in changed if other != ref and self.work.entry(other).held]
            if others or (waits_on and ref in changed):
                return [ref, *others]
        return []

    def _waiting_for(self, ref: Ref) -> list[Held]:
        """In arrival order."""
        entry = self.work.entry(ref)
        if not entry.held:
            return []
        if entry.before.held and ref not in self._held_on:
            raise NeedsMore(held_on=self.work.waited_for() - self._held_on)
        waiting = (held for held in self._held.values() if held.waits_for == (ref.kind.name, ref.id))
        return by_arrival((held.held_at, held.record.place, held) for held in waiting)

    def _try_held(self, held: Held) -> list[Ref] | None:
        """What a held record that is held no longer changed so that it may wake; None when it goes on waiting."""
        incoming = read(held.record, self.group.table)
        if not isinstance(incoming, Incoming):
            self._release(held)
            fault = Fault("INVALID", "it can no longer be read by this version of the service")
            self._lot.park(held.record, None, fault, seen=True)
            return []
        incoming.held_at = held.held_at
        if gate := self._lot.closed_gate(held.record):
            self._release(held)
            self._lot.queue_held(incoming, gate)
            return []
        what, changed = self._try(incoming)
        if what != "held":
            self._release(held)
        return None if self._held.get(held.id) is held else changed

    # -- bookkeeping ------------------------------------------------------------------------------------------

    def _refuse(self, incoming: Incoming, error: Exception) -> None:
        if is_bug(error):
            self.writes.bugs.append((incoming, error))
        self._lot.refuse(incoming, error)
        self._mark_seen(incoming)

    def _mark_seen(self, incoming: Incoming) -> None:
        """Remember a message taken for the first time; one that was held or parked is known already."""
        key = incoming.seen_key
        if key is not None and not incoming.remembered and incoming.held_at is None and key not in self._seen:
            self._seen.add(key)
            self.writes.seen[key] = incoming.envelope.subject

    def _count(self, record: Record | None, what: str) -> None:
        if record is not None:
            self.writes.counts.setdefault((record.topic, record.partition), Counter())[what] += 1
