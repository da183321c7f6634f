"""A contender: what a careful developer writes by hand, with the guarantee of the runtime and nothing else of it.

A getmany loop; offsets, facts, ledger rows and rollups of a poll in one transaction. No rebalance, no parking, no
guard against a second process beyond the offsets' compare-and-set. SHAPE chooses the rollup documents.
"""

import os
from collections import defaultdict
from typing import Any

import uvloop
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from pydantic import TypeAdapter
from pymongo import InsertOne, ReplaceOne, UpdateOne

from deploy.topics import PARTITIONS
from services.analytics import repository, rollups
from services.analytics.ledger import LedgerRow, reversal, reversals, sale
from shared.contracts.order_state import OrderState
from shared.contracts.orders import OrderEvent
from shared.runtime.mongo import Conflict, Database, Session
from tests.benchmarks import plain_rollups

TOPIC, ZONE, SHAPE = os.environ["TOPIC"], os.environ["STORE_TIMEZONE"], os.environ["SHAPE"]
ADAPTER = TypeAdapter(OrderEvent)
Polled = dict[TopicPartition, list[ConsumerRecord]]


async def main() -> None:
    database = Database(os.environ["MONGODB_URI"], os.environ["DATABASE"])
    shape = plain_rollups.INDEXES if SHAPE == "buckets" else repository.INDEXES["rollups"]
    await database.create_indexes({"ledger": repository.INDEXES["ledger"], "rollups": shape})
    partitions = [TopicPartition(TOPIC, number) for number in range(PARTITIONS)]
    expected = await _stored_offsets(database, partitions)
    consumer = AIOKafkaConsumer(bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"], enable_auto_commit=False)
    consumer.assign(partitions)
    async with consumer:
        for tp, offset in expected.items():
            consumer.seek(tp, offset)
        while True:
            polled = await consumer.getmany(timeout_ms=100, max_records=500)
            if polled:
                await _apply(database, polled, expected)


async def _stored_offsets(database: Database, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
    offsets = database.collection("offsets")
    for tp in partitions:
        new = {"$setOnInsert": {"topic": tp.topic, "partition": tp.partition, "next": 0}}
        await offsets.update_one({"_id": f"{tp.topic}/{tp.partition}"}, new, upsert=True)
    rows = await offsets.find().to_list(None)
    return {TopicPartition(row["topic"], row["partition"]): row["next"] for row in rows}


async def _apply(database: Database, polled: Polled, expected: dict[TopicPartition, int]) -> None:
    told = [(tp.partition, ADAPTER.validate_json(r.value).order) for tp, records in polled.items() for r in records]
    moves = {tp: records[-1].offset + 1 for tp, records in polled.items()}

    async def body(session: Session, _attempt: int) -> None:
        known = await _facts(database, session, {order.order_id for _, order in told})
        facts, rows = _book(told, known)
        await _write(database, session, "order_facts", [_fact(id, facts[id], id in known) for id in facts])
        booked = [row for some in rows.values() for row in some]
        await _write(database, session, "ledger", [InsertOne({"_id": row.row_id, **row.document()}) for row in booked])
        await _write(database, session, "rollups", [one for p, some in rows.items() for one in _rollups(some, p)])
        advance = [
            UpdateOne({"_id": f"{tp.topic}/{tp.partition}", "next": expected[tp]}, {"$set": {"next": next}})
            for tp, next in moves.items()
        ]
        if await _write(database, session, "offsets", advance) != len(advance):
            raise Conflict("another process reads this partition")

    await database.transaction(body)
    expected |= moves


def _book(
    told: list[tuple[int, OrderState]], known: dict[str, set[str]]
) -> tuple[dict[str, set[str]], dict[int, list[LedgerRow]]]:
    """The facts that changed, and the rows not booked yet by partition. The sale's fact is the empty name."""
    changed: dict[str, set[str]] = {}
    rows: dict[int, list[LedgerRow]] = defaultdict(list)
    for partition, order in told:
        facts = changed.get(order.order_id) or known.get(order.order_id, set())
        new = [refund for refund in reversals(order) if refund.refund_id not in facts]
        found = [] if "" in facts else sale(order, ZONE)
        found += [row for refund in new for row in reversal(order, refund, ZONE)]
        if found:
            changed[order.order_id] = facts | {"", *(refund.refund_id for refund in new)}
            rows[partition] += found
    return changed, rows


async def _facts(database: Database, session: Session, ids: set[str]) -> dict[str, set[str]]:
    found = database.collection("order_facts").find({"_id": {"$in": list(ids)}}, session=session)
    return {row["_id"]: set(row["booked"]) for row in await found.to_list(None)}


def _fact(id: str, booked: set[str], known: bool) -> Any:
    document = {"_id": id, "booked": sorted(booked)}
    return ReplaceOne({"_id": id}, document) if known else InsertOne(document)


def _rollups(rows: list[LedgerRow], partition: int) -> list[UpdateOne]:
    if SHAPE == "buckets":
        return [UpdateOne({"_id": id}, change, upsert=True) for id, change in plain_rollups.changes(rows, partition)]
    return [
        UpdateOne({"_id": tally.id}, {"$inc": dict(tally.add), "$setOnInsert": tally.labels}, upsert=True)
        for tally in rollups.tallies(rows, str(partition))
    ]


async def _write(database: Database, session: Session, collection: str, operations: list[Any]) -> int:
    if not operations:
        return 0
    result = await database.collection(collection).bulk_write(operations, ordered=False, session=session)
    return int(result.matched_count)


if __name__ == "__main__":
    uvloop.run(main())
