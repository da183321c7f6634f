"""Commands that other systems send: real baskets placed, paid and shipped through orders.inbox."""

import asyncio
import time

from shared.contracts.inbox_orders import OrderSubmitted, PaymentCaptured, ShipmentHandedOver
from tests.benchmarks.baskets import STORE, messages
from tests.benchmarks.figures import Figure, Goal
from tests.benchmarks.measuring import records_taken, work_off
from tests.benchmarks.options import Options
from tests.benchmarks.place import Place, place
from tests.support.eventually import eventually
from tests.support.stack import Stack

COMMANDS = {kind.wire_type() for kind in (OrderSubmitted, PaymentCaptured, ShipmentHandedOver)}
PER_SECOND = 2_000.0


async def run(stack: Stack, options: Options) -> list[Figure]:
    commands = [envelope for envelope in messages(options.days) if envelope.type in COMMANDS]
    async with place(stack, STORE) as ground:
        await ground.send("orders.inbox", commands)
        began = time.perf_counter()
        await ground.start("orders")
        database = ground.store.database("orders")
        pid = ground.services["orders"].pid
        done = await work_off(lambda: records_taken(database, "orders.inbox"), len(commands), pid)
        decided = time.perf_counter()
        await _published(ground)
        published = time.perf_counter()
    return [
        Figure("commands", len(commands), "commands"),
        Figure("decided", done.per_second, "commands/s", Goal(least=PER_SECOND)),
        Figure("own CPU", done.cpu_micros, "µs/command"),
        Figure("until the last event was published", published - decided, "s"),
        Figure("with the start, until the last event was published", published - began, "s"),
        Figure("peak memory", done.peak_mb, "MB", Goal(most=250)),
    ]


async def _published(ground: Place) -> None:
    outbox = ground.store.database("orders")["outbox"]

    async def is_empty() -> bool:
        return not await asyncio.to_thread(outbox.estimated_document_count)

    await eventually(is_empty, within=120)
