"""Takes the snapshot of a store on real Kafka and MongoDB, once all is quiet and nobody runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from pymongo import MongoClient

from deploy.topics import topics as all_topics
from shared.runtime.decision import Document
from shared.runtime.records import Record
from tests.faults.checking.snapshot import Acknowledged, Layout, Place, Reading, Snapshot, Source
from tests.support.kafka import log_of
from tests.support.stack import Stack

Mongo = MongoClient[Document]


@dataclass
class Observed:
    """What the run itself saw and did."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    positions: list[Mapping[Source, int]] = field(default_factory=list)
    planted: set[str] = field(default_factory=set)


async def take(stack: Stack, mongo: Mongo, prefix: str, layout: Layout, observed: Observed) -> Snapshot:
    topics, ends = await _topics(stack.kafka, prefix)
    status = mongo.admin.command("serverStatus")
    return Snapshot(
        layout=layout,
        topics=topics,
        ends=ends,
        stores={service: _store(mongo[prefix + service], prefix) for service in layout.tables},
        acknowledged=observed.acknowledged,
        readings=observed.readings,
        positions=observed.positions,
        committed=await _committed(stack.kafka, prefix, layout),
        planted=frozenset(observed.planted),
        open_transactions=status["transactions"]["currentOpen"],
        now=status["localTime"].replace(tzinfo=UTC),
    )


async def _topics(servers: str, prefix: str) -> tuple[dict[str, Sequence[Record]], dict[Place, int]]:
    records, log_ends = await log_of(servers, [topic.name for topic in all_topics(prefix)])
    topics: dict[str, list[Record]] = {topic.name: [] for topic in all_topics()}
    for record in records:
        name = record.topic.removeprefix(prefix)
        where = (name, record.partition, record.offset)
        topics[name].append(Record(*where, record.key, record.value, list(record.headers), record.timestamp))
    ends = {(tp.topic.removeprefix(prefix), tp.partition): end for tp, end in log_ends.items()}
    return dict(topics), ends


def _store(database: Any, prefix: str) -> dict[str, list[Document]]:
    store = {name: list(database[name].find()) for name in database.list_collection_names()}
    for row in store.get("offsets", []):
        row["topic"] = row["topic"].removeprefix(prefix)
    for row in (*store.get("held", []), *store.get("parked", [])):
        row["record"]["topic"] = row["record"]["topic"].removeprefix(prefix)
    return store


async def _committed(servers: str, prefix: str, layout: Layout) -> dict[Source, int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    found: dict[Source, int] = {}
    try:
        for _, table in layout.groups():
            for tp, offset in (await admin.list_consumer_group_offsets(prefix + table.group)).items():
                found[table.group, tp.topic.removeprefix(prefix), tp.partition] = offset.offset
    finally:
        await admin.close()
    return found


def positions(mongo: Mongo, prefix: str, layout: Layout) -> dict[Source, int]:
    """The stored offsets as they are now."""
    return {
        (row["group"], row["topic"].removeprefix(prefix), row["partition"]): row["next"]
        for service in layout.tables
        for row in mongo[prefix + service]["offsets"].find()
    }
