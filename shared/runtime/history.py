"""What happened to a document, a line per event, written with it: the outbox forgets what it has sent, this stays.

The lines that one transaction adds are one row, `<id>/<sequence of the first>`: a batch that places, pays and ships an
order writes one row for it.
"""

from collections.abc import Sequence
from typing import Any

from shared.contracts.base import Event
from shared.contracts.envelope import Envelope
from shared.runtime.decision import Context, Document, Kind, Ref, Row
from shared.runtime.stored import under


def collection_of(kind: Kind[Any]) -> str:
    return f"{kind.name}_history"


def line_of(ref: Ref, event: Event, envelope: Envelope, context: Context) -> Document | None:
    """The envelope is the event's; None for a kind that does not tell its story."""
    tell = ref.kind.tell
    if tell is None:
        return None
    return {
        "sequence": envelope.sequence,
        "at": envelope.time,
        "type": type(event).__name__,
        "text": tell(event),
        "by": str(context.actor),
        "source": context.source,
        "event_id": envelope.id,
    }


def row_of(ref: Ref, lines: Sequence[Document]) -> Row:
    id = f"{ref.id}/{lines[0]['sequence']:09d}"
    return Row(collection_of(ref.kind), id, {"last": lines[-1]["sequence"], "lines": list(lines)})


def history_of(id: str) -> Document:
    """The filter of one document's rows."""
    return {"_id": under(id)}
