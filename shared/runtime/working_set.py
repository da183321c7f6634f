"""The documents of one batch in memory, and what its decisions add up to. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from shared.contracts.envelope import Envelope
from shared.runtime.announce import Announced, announced
from shared.runtime.decision import Context, Decision, Document, Documents, Ref, Row, Tally
from shared.runtime.group import Group
from shared.runtime.records import Incoming
from shared.runtime.stored import Entry, Held, OutboxRow, Stored

Partition = tuple[str, int]


class NeedsMore(BaseException):
    """The batch touches documents, or wakes what is held on some, that are not loaded yet: load them and run it anew.

    No Exception, for nobody may take it for what a handler raised.
    """

    def __init__(self, refs: Set[Ref] = frozenset(), *, held_on: Set[Ref] = frozenset()) -> None:
        super().__init__(refs, held_on)
        self.refs = refs
        self.held_on = held_on


@dataclass
class Loaded:
    """What the database had for a batch so far. Absent documents are present as NOTHING."""

    documents: dict[Ref, Stored[Any]] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)
    held_on: set[Ref] = field(default_factory=set)
    """The documents whose held records are all loaded."""
    seen: frozenset[str] = frozenset()
    gates: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Key to (version, count)."""
    needing: list[Incoming] = field(default_factory=list)
    """Messages some of whose documents may be missing: those of the batch, and those held on a document it wakes."""

    def missing(self) -> set[Ref]:
        """The documents to load next."""
        refs: set[Ref] = set()
        needing, self.needing = self.needing, []
        for message in needing:
            try:
                _refs(message, self.documents)
            except NeedsMore as more:
                refs |= more.refs
                self.needing.append(message)
        return refs


@dataclass
class Output:
    """What decisions write beside their documents."""

    outbox: list[OutboxRow] = field(default_factory=list)
    histories: dict[Ref, list[Document]] = field(default_factory=dict)
    """The lines that each document's history gets."""
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    tallies: dict[tuple[str, str], tuple[Tally, Counter[str]]] = field(default_factory=dict)

    def add_events(self, ref: Ref, events: Iterable[Announced]) -> None:
        for event in events:
            self.outbox.append(event.outbox)
            if event.line is not None:
                self.histories.setdefault(ref, []).append(event.line)

    def add_rows(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self.rows.setdefault((row.collection, row.id), row)

    def add_tallies(self, tallies: Iterable[Tally]) -> None:
        for tally in tallies:
            _, sums = self.tallies.setdefault((tally.collection, tally.id), (tally, Counter()))
            for path, amount in tally.add.items():
                sums[path] += amount


class WorkingSet:
    def __init__(self, group: Group, documents: Mapping[Ref, Stored[Any]]) -> None:
        self.group = group
        self.output = Output()
        self._entries = {ref: Entry.of(ref, stored) for ref, stored in documents.items()}

    def entry(self, ref: Ref) -> Entry:
        entry = self._entries.get(ref)
        if entry is None:
            raise NeedsMore({ref})
        return entry

    def changed(self) -> list[Entry]:
        return [entry for entry in self._entries.values() if entry.dirty]

    def waited_for(self) -> set[Ref]:
        """The documents that records were held on when they were loaded."""
        return {ref for ref, entry in self._entries.items() if entry.before.held}

    def refs(self, incoming: Incoming) -> set[Ref]:
        """All documents of the message."""
        return _refs(incoming, self._entries)

    def documents(self, refs: Iterable[Ref]) -> Documents:
        return _documents(refs, self._entries)

    def stale(self, incoming: Incoming) -> bool:
        """Whether the message's document has heard this event, or a later one of the same teller, before."""
        sequence = incoming.envelope.sequence
        if sequence is None or not incoming.handler.guarded:
            return False
        return self.entry(incoming.ref).heard.get(_teller(incoming.envelope), 0) >= sequence

    def apply(self, incoming: Incoming) -> list[Ref]:
        """Run the handler and take over its decisions as a whole or, when it raises, not at all.

        Returns the documents whose change may wake what waits for them.
        """
        handler = incoming.handler
        context = self.context(incoming)
        answer = handler.on_expiry if incoming.expired and handler.on_expiry else handler.answer
        decisions = answer(self.documents(self.refs(incoming)), incoming.message, context)
        appended = self.appended(incoming, context)
        changed = self._adopt(decisions, incoming.envelope, context)
        self.output.add_rows(appended)
        primary = self.entry(incoming.ref)
        if handler.edit and changed:
            primary.revision += 1
        if incoming.envelope.sequence is not None and handler.guarded:
            primary.heard[_teller(incoming.envelope)] = incoming.envelope.sequence
            primary.dirty = True
        return [ref for ref, wakes in changed.items() if wakes]

    def appended(self, incoming: Incoming, context: Context) -> list[Row]:
        append = incoming.handler.append
        return list(append(incoming.message, context)) if append else []

    def derive(self) -> None:
        """Add the events that follow from what the whole batch changed."""
        for entry in self.changed():
            derive = entry.ref.kind.derive
            if derive is not None and entry.touched_by is not None:
                context, cause = entry.touched_by
                for announcement in derive(entry.before.state, entry.state, context):
                    entry.sequence += 1
                    told = announced(self.group, entry.ref, entry.state, announcement, cause, context, entry.sequence)
                    self.output.add_events(entry.ref, [told])

    def context(self, incoming: Incoming) -> Context:
        envelope = incoming.envelope
        return Context(
            now=envelope.time,
            message_id=envelope.id,
            source=envelope.source,
            subject=envelope.subject,
            actor=incoming.actor,
            policy=self.group.settings,
            partition=incoming.record.partition if incoming.record else 0,
            sequence=envelope.sequence,
        )

    def _adopt(self, decisions: Mapping[Ref, Decision[Any]], cause: Envelope, context: Context) -> dict[Ref, bool]:
        """The documents that changed, and whether that may wake what waits for them."""
        staged = []
        for ref, decision in decisions.items():
            entry = self.entry(ref)
            events = [
                announced(self.group, ref, decision.state, announcement, cause, context, entry.sequence + n)
                for n, announcement in enumerate(decision.events, start=1)
            ]
            staged.append((entry, decision, events))
        changed = {}
        for entry, decision, events in staged:
            self.output.add_rows(decision.rows)
            self.output.add_tallies(decision.tallies)
            if decision.state is entry.state and not events:
                continue
            changed[entry.ref] = entry.ref.kind.wakes(entry.state, decision.state)
            entry.state = decision.state
            entry.sequence += len(events)
            entry.dirty = True
            entry.touched_by = (context, cause)
            self.output.add_events(entry.ref, events)
        return changed


def _teller(envelope: Envelope) -> str:
    return f"{envelope.source}|{envelope.aggregate}|{envelope.subject}"


def _refs(incoming: Incoming, known: Mapping[Ref, Stored[Any] | Entry]) -> set[Ref]:
    """Asked again until the loaded documents name no further."""
    refs = {incoming.ref}
    while True:
        named = refs.union(incoming.handler.refs(incoming.message, _documents(refs, known)))
        if unknown := named.difference(known):
            raise NeedsMore(unknown)
        if len(named) == len(refs):
            return refs
        refs = named


def _documents(refs: Iterable[Ref], known: Mapping[Ref, Stored[Any] | Entry]) -> Documents:
    return Documents({ref: known[ref].state for ref in refs if ref in known})
