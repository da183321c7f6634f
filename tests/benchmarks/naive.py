"""A contender: the first handler one would write with FastStream, its defaults, and one awaited upsert per document.

Works for so many seconds at most, then says how many events it took. It guarantees nothing: a crash loses or repeats.
"""

import asyncio
import json
import os
import time
from typing import Annotated

from faststream import Header
from faststream.kafka import KafkaBroker

from services.analytics.ledger import reversal, sale
from shared.contracts.base import Contract
from shared.contracts.order_state import OrderState, Refund
from shared.runtime.mongo import Database
from tests.benchmarks import plain_rollups


class Told(Contract):
    order: OrderState
    refund: Refund | None = None


async def main() -> None:
    topic, zone, seconds = os.environ["TOPIC"], os.environ["STORE_TIMEZONE"], float(os.environ["SECONDS"])
    database = Database(os.environ["MONGODB_URI"], os.environ["DATABASE"])
    await database.create_indexes({"rollups": plain_rollups.INDEXES})
    rollups = database.collection("rollups")
    broker = KafkaBroker(os.environ["KAFKA_BOOTSTRAP_SERVERS"], logger=None)
    began, last, taken = 0.0, 0.0, 0

    @broker.subscriber(topic, group_id=os.environ["DATABASE"], auto_offset_reset="earliest")
    async def on_event(event: Told, type: Annotated[str, Header("ce_type")]) -> None:
        nonlocal began, last, taken
        began = began or time.perf_counter()
        rows = []
        if type == "orders.OrderPaid.v1":
            rows = sale(event.order, zone)
        elif type == "orders.RefundSettled.v1" and event.refund:
            rows = reversal(event.order, event.refund, zone)
        for id, change in plain_rollups.changes(rows, 0):
            await rollups.update_one({"_id": id}, change, upsert=True)
        taken += 1
        last = time.perf_counter()

    async with broker:
        await broker.start()
        while not began or last - began < seconds:  # noqa: ASYNC110 (the handler runs meanwhile)
            await asyncio.sleep(0.1)
    print(json.dumps({"events": taken, "seconds": last - began}))


if __name__ == "__main__":
    asyncio.run(main())
