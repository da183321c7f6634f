"""A decision's events as finished Kafka records: ids, sequence, correlation and trace. Pure and deterministic."""

import re
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import uuid5

from shared.contracts.envelope import Envelope, encode
from shared.contracts.rejected import CommandRejected
from shared.runtime.decision import NAMESPACE, Announcement, Context, Document, Invalid, Ref
from shared.runtime.group import Group
from shared.runtime.history import line_of
from shared.runtime.records import Fault, Record
from shared.runtime.stored import OutboxRow

MAX_EVENT_BYTES = 900_000
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,99}")
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})")


class Announced(NamedTuple):
    """An event as Kafka will have it, and as the history of its document has it."""

    outbox: OutboxRow
    line: Document | None


def announced(
    group: Group,
    ref: Ref,
    state: Any,
    announcement: Announcement,
    cause: Envelope,
    context: Context,
    sequence: int,
) -> Announced:
    """The event completed with the public state after the decision; refuses one too large to publish."""
    event = announcement(**ref.kind.publish(state))
    value = event.model_dump_json(by_alias=True).encode()
    if len(value) > MAX_EVENT_BYTES:
        raise Invalid(f"{ref} would grow beyond what one event can carry ({MAX_EVENT_BYTES} bytes)")
    envelope = Envelope(
        id=str(uuid5(NAMESPACE, f"{cause.source}|{cause.id}|{ref}|{sequence}")),
        source=f"/{group.service}",
        type=event.wire_type(),
        time=cause.time,
        subject=ref.id,
        data=value,
        sequence=sequence,
        aggregate=ref.kind.name,
        correlation_id=cause.correlation_id or cause.id,
        causation_id=cause.id,
        traceparent=child_trace(cause, f"{ref}|{sequence}"),
    )
    row = _row(f"{ref}/{sequence:012d}", f"{group.settings.topic_prefix}{group.service}.events", envelope)
    return Announced(row, line_of(ref, event, envelope, context))


def rejection_row(group: Group, record: Record, cause: Envelope | None, fault: Fault, wall: datetime) -> OutboxRow:
    """Tells the sender of a refused message; carries none of the message's values."""
    body = CommandRejected(
        source=cause.source if cause else "unknown",
        message_id=cause.id if cause else record.id,
        message_type=cause.type if cause else "unknown",
        error=fault.error,
        sentence=fault.sentence,
        field=fault.field,
    )
    subject = cause.subject if cause else record.shown_key
    envelope = Envelope(
        id=str(uuid5(NAMESPACE, f"rejected|{group.name}|{record.id}")),
        source=f"/{group.service}",
        type=f"{group.service}.CommandRejected.v1",
        time=wall,
        subject=subject if _ID.fullmatch(subject) else "unknown",
        data=body.model_dump_json().encode(),
        correlation_id=(cause.correlation_id or cause.id) if cause else None,
        causation_id=cause.id if cause else None,
        traceparent=child_trace(cause, "rejected") if cause else None,
    )
    return _row(f"rejected/{record.id}/0", f"{group.settings.topic_prefix}{group.service}.rejected", envelope)


def child_trace(cause: Envelope, what: str) -> str:
    """W3C trace context of a message caused by another: the same trace, a span of its own."""
    span = blake2b(f"{cause.source}|{cause.id}|{what}".encode(), digest_size=8).hexdigest()
    parent = _TRACEPARENT.fullmatch(cause.traceparent or "")
    trace = parent[1] if parent else blake2b(f"{cause.source}|{cause.id}".encode(), digest_size=16).hexdigest()
    return f"00-{trace}-{span}-{parent[2] if parent else '01'}"


def _row(id: str, topic: str, envelope: Envelope) -> OutboxRow:
    key, value, headers = encode(envelope)
    return OutboxRow(id, topic, key, value, headers)
