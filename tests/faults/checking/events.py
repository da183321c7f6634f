"""I1, I2, I3, I9 and I10: what was acknowledged is told, what is told is stored, in order, valid and traceable."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from shared.contracts.base import Message
from shared.contracts.publish import SCHEMAS, schema
from shared.contracts.registry import WIRE_TYPES
from tests.faults.checking.report import Finding
from tests.faults.checking.snapshot import Key, Snapshot, Told

PARTLY_TOLD = frozenset({"product", "reservation"})
"""Kinds whose state also changes without an event: nobody is told that a parcel took what was reserved for it."""


def acknowledged_is_told(snapshot: Snapshot, finding: Finding) -> None:
    """I1"""
    by_id = {(e.envelope.source, e.envelope.subject, e.envelope.causation_id) for e in snapshot.events}
    by_trace = {(e.envelope.source, e.envelope.subject, trace_of(e.envelope.traceparent)) for e in snapshot.events}
    for done in snapshot.acknowledged:
        if done.message_id in snapshot.planted:
            continue
        source = f"/{done.service}"
        told = done.message_id and (source, done.subject, done.message_id) in by_id
        told = told or (done.trace and (source, done.subject, done.trace) in by_trace)
        key = f"{done.service} {done.subject}"
        finding.expect(bool(told), key, f"acknowledged, yet no event tells of it: {done.message_id or done.trace}")


def told_is_stored(snapshot: Snapshot, finding: Finding) -> None:
    """I2"""
    for key, events in snapshot.told.items():
        newest = max(events, key=lambda event: event.sequence)
        stored = snapshot.stored.get(key)
        documents = [str(key)]
        if stored is None or stored.state is None or stored.sequence < newest.sequence:
            has = "no document" if stored is None else f"a document of {stored.sequence} events"
            finding.expect(False, key, f"{newest.sequence} events are told, and there is {has}", [newest], documents)
        elif key.kind not in PARTLY_TOLD and newest.envelope.type in snapshot.layout.models:
            same = _public(snapshot, key, stored.state) == _carried(snapshot, key, newest)
            finding.expect(same, key, "the document is not what its newest event carries", [newest], documents)
        else:
            finding.compared += 1


def _public(snapshot: Snapshot, key: Key, state: Any) -> Mapping[str, Any]:
    kind = snapshot.kind(key)
    assert kind is not None
    return kind.publish(state)


def _carried(snapshot: Snapshot, key: Key, event: Told) -> Mapping[str, Any]:
    """The state in the event, by the names under which its kind publishes it."""
    model = snapshot.layout.models[event.envelope.type]
    body = model.model_validate_json(event.envelope.data)
    kind = snapshot.kind(key)
    stored = snapshot.stored[key].state
    names = kind.publish(stored) if kind else {}
    return {name: getattr(body, name, None) for name in names}


def told_in_order(snapshot: Snapshot, finding: Finding) -> None:
    """I3"""
    for key, events in snapshot.told.items():
        first: dict[int, Told] = {}
        for event in events:
            known = first.setdefault(event.sequence, event)
            same = (known.envelope.id, known.record.value) == (event.envelope.id, event.record.value)
            finding.expect(same, key, f"event {event.sequence} is told twice, differently", [known, event])
        stored = snapshot.stored.get(key)
        due = list(range(1, 1 + (stored.sequence if stored else len(first))))
        sentence = f"events come first as {_brief(list(first))}, not as 1 to {len(due)}"
        finding.expect(list(first) == due, key, sentence, list(first.values())[-1:], [str(key)])
        partitions = {event.record.partition for event in events}
        finding.expect(len(partitions) == 1, key, f"events lie in partitions {sorted(partitions)}")
    silent = [key for key, stored in snapshot.stored.items() if stored.sequence and key not in snapshot.told]
    for key in silent:
        finding.expect(False, key, f"none of its {snapshot.stored[key].sequence} events is told", (), [str(key)])


def _brief(numbers: list[int]) -> str:
    """A run of numbers up to where it breaks, and what comes there."""
    broken = next((n for n, number in enumerate(numbers) if number != n + 1), len(numbers))
    return f"1…{broken}, then {numbers[broken : broken + 5]}" if broken < len(numbers) else f"1…{broken}"


def told_is_valid(snapshot: Snapshot, finding: Finding) -> None:
    """I9"""
    valid: set[tuple[str, bytes]] = set()
    for event in snapshot.events:
        content = (event.envelope.type, event.envelope.data)
        if content in valid:
            continue
        wrong = wrong_with(event, snapshot.layout.models.get(event.envelope.type))
        finding.expect(not wrong, event.envelope.subject, wrong, [event])
        valid.add(content)


def wrong_with(event: Told, model: type[Message] | None) -> str:
    validator = _validator(event.envelope.type, model)
    if validator is None:
        return f"{event.envelope.type} has no published schema"
    found = next(validator.iter_errors(json.loads(event.envelope.data)), None)
    return f"{found.json_path} {found.message}" if found else ""


@cache
def _validator(wire_type: str, model: type[Message] | None) -> Draft202012Validator | None:
    """model: of a type that the next version will publish."""
    path = SCHEMAS / f"{wire_type}.json"
    if path.exists():
        return Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))
    if wire_type in WIRE_TYPES:
        return Draft202012Validator(schema(WIRE_TYPES[wire_type]))
    return Draft202012Validator(model.model_json_schema()) if model else None


def traces_link(snapshot: Snapshot, finding: Finding) -> None:
    """I10"""
    causes = {
        envelope.id: envelope.traceparent
        for topic in snapshot.topics
        for _, envelope in snapshot.messages(topic)
        if envelope and envelope.traceparent
    }
    for event in snapshot.events:
        parent = causes.get(event.envelope.causation_id or "")
        if parent is None:
            continue
        own = event.envelope.traceparent
        linked = trace_of(own) == trace_of(parent) and own != parent
        finding.expect(linked, event.envelope.subject, f"trace {own} does not go on from {parent}", [event])


def trace_of(traceparent: str | None) -> str:
    return (traceparent or "--").split("-")[1]
