"""Applying parked records of one key again, in the order in which they came. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from shared.runtime.batch import Batch
from shared.runtime.decision import Document
from shared.runtime.records import UNREADABLE, Fault, Place, Read, ReadPast, Unreadable, by_arrival


def original_order(rows: Iterable[Document]) -> list[Document]:
    return by_arrival((row["parked_at"], _place(row["record"]), row) for row in rows)


def _place(record: Document) -> Place:
    return record["topic"], record["partition"], record["offset"]


def retry_all(
    batch: Batch,
    rows: Sequence[Document],
    records: Mapping[str, Read],
    *,
    gated: Sequence[str],
    unstorable: Mapping[str, Fault],
) -> dict[str, Fault | None]:
    """Why each row stays parked, None where it does not. Behind a gated row that stays, the later gated ones stay.

    One that is refused now is no longer waited for, as if it had been refused when it came.
    gated: ids of the key's rows whose order is kept, all of them and in their order, be they retried or not.
    """
    outcome: dict[str, Fault | None] = {}
    places = {id: place for place, id in enumerate(gated)}
    retried = {row["_id"] for row in rows}
    stop = next((place for id, place in places.items() if id not in retried), len(gated))
    for row in rows:
        id = row["_id"]
        place = places.get(id, -1)
        if place > stop:
            fault: Fault | None = Fault("QUEUED", f"waits behind {gated[stop]} of its key, which stays parked")
        else:
            fault = unstorable.get(id) or _retry(batch, row, records[id])
        if fault is not None and not fault.answer and place >= 0:
            stop = min(stop, place)
        outcome[id] = fault
    return outcome


def _retry(batch: Batch, row: Document, record: Read) -> Fault | None:
    if isinstance(record, Unreadable):
        return record.fault
    if isinstance(record, ReadPast):
        return None
    # Rows of an older version do not say whether their message is remembered; it was, if it could be read.
    seen = row.get("seen", row["error"] not in UNREADABLE)
    return batch.retry(record, seen=seen, told=not row["blocking"] and not row["queued"])
