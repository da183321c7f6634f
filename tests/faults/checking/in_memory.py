"""The four services without brokers: their records passed on one by one, and the snapshot of what they end with."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from shared.contracts.base import Message
from shared.contracts.envelope import Envelope, encode
from shared.runtime.decision import Document
from shared.runtime.records import Record
from shared.runtime.service import Service
from tests.faults.checking.snapshot import Acknowledged, Layout, Place, Snapshot
from tests.support.memory import T0, MemoryRuntime


class MemoryShop:
    def __init__(self, services: Mapping[str, Service], layout: Layout) -> None:
        self.layout = layout
        self.topics: dict[str, list[Record]] = {}
        self.acknowledged: list[Acknowledged] = []
        self.services = {
            name: MemoryRuntime(name, service.tables[0], service.kinds, service.settings)
            for name, service in services.items()
        }
        self._counts: dict[str, dict[Place, Counter[str]]] = {service: {} for service in self.services}

    def tell(self, envelope: Envelope) -> None:
        """Another system does, to the inbox of the service that the type names."""
        service = envelope.type.partition(".")[0]
        self.acknowledged.append(Acknowledged(service, envelope.subject, envelope.id))
        key, value, headers = encode(envelope)
        self._append(Record(f"{service}.inbox", 0, 0, key, value, headers, 0))
        self._pass_on()

    def do(self, message: Message, subject: str, actor: str, at: datetime = T0) -> None:
        """A person does, over HTTP."""
        self.services[message.service].command(message, subject, actor, at=at)
        self._pass_on()

    def _append(self, record: Record) -> None:
        """Where the log ends; every service that reads the topic takes it."""
        log = self.topics.setdefault(record.topic, [])
        record = record._replace(partition=0, offset=len(log))
        log.append(record)
        for service, runtime in self.services.items():
            if record.topic in runtime.group.table.topics:
                before = runtime.counts.copy()
                runtime.deliver_records([record])
                counts = self._counts[service].setdefault((record.topic, 0), Counter())
                counts.update(runtime.counts - before)

    def _pass_on(self) -> None:
        while news := [record for runtime in self.services.values() for record in _taken(runtime)]:
            for record in news:
                self._append(record)

    def snapshot(self) -> Snapshot:
        return Snapshot(
            layout=self.layout,
            topics=self.topics,
            ends={(topic, 0): len(log) for topic, log in self.topics.items()},
            stores={service: self._store(service) for service in self.services},
            acknowledged=self.acknowledged,
        )

    def _store(self, service: str) -> dict[str, list[Document]]:
        runtime = self.services[service]
        store: dict[str, list[Document]] = {"offsets": self._offsets(service)}
        for ref, document in runtime.documents.items():
            store.setdefault(ref.kind.collection, []).append(document)
        for collection, rows in runtime.rows.items():
            store[collection] = [{**row, "_id": id} for id, row in rows.items()]
        for collection, tallies in runtime.tallies.items():
            store[collection] = [{**nested(tally), "_id": id} for id, tally in tallies.items()]
        return store

    def _offsets(self, service: str) -> list[Document]:
        group = self.services[service].group.name
        return [
            {
                "_id": f"{group}|{topic}|{partition}",
                "group": group,
                "topic": topic,
                "partition": partition,
                "next": len(self.topics[topic]),
                "counts": dict(counts),
            }
            for (topic, partition), counts in self._counts[service].items()
        ]


def _taken(runtime: MemoryRuntime) -> list[Record]:
    records, runtime.records = runtime.records, []
    return records


def nested(flat: Document) -> Document:
    """Dotted paths as the documents in documents that MongoDB makes of them."""
    nested: Document = {}
    for path, value in flat.items():
        *parents, last = path.split(".")
        where = nested
        for part in parents:
            where = where.setdefault(part, {})
        where[last] = value
    return nested
