"""I5, I7 and I11: every record is accounted for once, positions only grow, and nothing is left lying about."""

from collections import Counter
from collections.abc import Iterator

from shared.contracts.envelope import Envelope
from shared.runtime.decision import Document
from shared.runtime.handlers import Handlers
from shared.runtime.records import Record
from tests.faults.checking.report import Finding
from tests.faults.checking.snapshot import Place, Snapshot, Source

OUTCOMES = ("applied", "duplicates", "read_past", "held", "parked")


def all_accounted_for(snapshot: Snapshot, finding: Finding) -> None:
    """I5"""
    for service, table in snapshot.layout.groups():
        rows = {(row["topic"], row["partition"]): row for row in snapshot.rows(service, "offsets")}
        rows = {place: row for place, row in rows.items() if row["group"] == table.group}
        for place, records in _by_place(snapshot, table).items():
            _account(snapshot, finding, table, place, records, rows.get(place))
        for collection in ("held", "parked"):
            for row in snapshot.rows(service, collection):
                if row["group"] == table.group:
                    _is_in_its_topic(snapshot, finding, service, collection, row)


def _by_place(snapshot: Snapshot, table: Handlers) -> dict[Place, list[tuple[Record, Envelope | None]]]:
    found: dict[Place, list[tuple[Record, Envelope | None]]] = {}
    for topic in table.topics:
        for record, envelope in snapshot.messages(topic):
            found.setdefault((topic, record.partition), []).append((record, envelope))
    return found


def _account(
    snapshot: Snapshot,
    finding: Finding,
    table: Handlers,
    place: Place,
    records: list[tuple[Record, Envelope | None]],
    row: Document | None,
) -> None:
    key = f"{table.group} {place[0]}/{place[1]}"
    document = [f"offsets/{table.group}|{place[0]}|{place[1]}"]
    if row is None:
        finding.expect(False, key, f"{len(records)} records, and none was ever read", (), document)
        return
    behind = records[-1][0].offset + 1
    sentence = f"stored offset {row['next']}, the last record is {behind - 1}"
    finding.expect(row["next"] >= behind, key, sentence, [records[-1][0].id], document)
    counts = Counter({what: row.get("counts", {}).get(what, 0) for what in OUTCOMES})
    sentence = f"{len(records)} records in, {counts.total()} accounted for: {dict(counts)}"
    finding.expect(counts.total() == len(records), key, sentence, (), document)
    if not all(handler.guarded for handler in table.by_type.values()):
        return  # their functions make repeats harmless, and whatever comes again counts as applied
    distinct = len({(e.source, e.id) for _, e in records if e}) + sum(e is None for _, e in records)
    taken = counts["applied"] + counts["held"]
    finding.expect(taken <= distinct, key, f"{distinct} different messages, {taken} of them taken", (), document)


def _is_in_its_topic(snapshot: Snapshot, finding: Finding, service: str, collection: str, row: Document) -> None:
    where = row["record"]
    original = next((r for r in snapshot.topics.get(where["topic"], ()) if _stands_at(r, where)), None)
    same = original is not None and (original.key, original.value) == (where["key"], where["value"])
    name = f"{service}.{collection}/{row['_id']}"
    finding.expect(same, row["key"], f"its {collection} record is not what its topic has there", (), [name])


def _stands_at(record: Record, where: Document) -> bool:
    return (record.partition, record.offset) == (where["partition"], where["offset"])


def positions_grow(snapshot: Snapshot, finding: Finding) -> None:
    """I7"""
    last: dict[Source, int] = {}
    for sample in [*snapshot.positions, dict(_stored_positions(snapshot))]:
        for source, next in sample.items():
            before = last.get(source, 0)
            finding.expect(next >= before, _name(source), f"the stored offset went from {before} back to {next}")
            last[source] = next
    for source, next in _stored_positions(snapshot):
        end = snapshot.ends.get(source[1:], 0)
        finding.expect(next <= end, _name(source), f"the stored offset {next} is beyond the log's end {end}")
        committed = snapshot.committed.get(source, 0)
        finding.expect(committed <= next, _name(source), f"Kafka's offset {committed} is beyond the stored {next}")


def _stored_positions(snapshot: Snapshot) -> Iterator[tuple[Source, int]]:
    for service in snapshot.layout.tables:
        for row in snapshot.rows(service, "offsets"):
            yield (row["group"], row["topic"], row["partition"]), row["next"]


def _name(source: Source) -> str:
    group, topic, partition = source
    return f"{group} {topic}/{partition}"


def nothing_left_behind(snapshot: Snapshot, finding: Finding) -> None:
    """I11"""
    count = snapshot.open_transactions
    finding.expect(count == 0, "MongoDB", f"{count} transactions are open though nobody runs")
    for service in snapshot.stores:
        for row in snapshot.rows(service, "leases"):
            leaked = row.get("owner") is not None and row["until"] > snapshot.now
            finding.expect(not leaked, service, "a lease is held though nobody runs", (), [f"leases/{row['_id']}"])
        for collection, sentence in LEFT_BEHIND.items():
            for row in snapshot.rows(service, collection):
                finding.expect(False, service, sentence, (), [f"{collection}/{row['_id']}"])
        for collection in ("held", "parked"):
            for row in snapshot.rows(service, collection):
                _was_planted(snapshot, finding, service, collection, row)
        finding.compared += len(LEFT_BEHIND)


LEFT_BEHIND = {"outbox": "an event was never published", "pauses": "a group is still paused"}


def _was_planted(snapshot: Snapshot, finding: Finding, service: str, collection: str, row: Document) -> None:
    where = row["record"]
    names = {row.get("message_id"), f"{where['topic']}/{where['partition']}/{where['offset']}", _id_of(where)}
    sentence = f"{collection}, and the run did not plant it: {row['sentence']}"
    finding.expect(bool(names & snapshot.planted), row["key"], sentence, (), [f"{service}.{collection}/{row['_id']}"])


def _id_of(where: Document) -> str | None:
    raw = next((value for name, value in where["headers"] if name == "ce_id"), None)
    return None if raw is None else bytes(raw).decode(errors="replace")
