"""Commands that other systems send: real baskets placed, paid and shipped through orders.inbox.

By one process, which keeps one core busy, and by two, as `--scale orders=2` makes it.
"""

import asyncio
import time

from shared.contracts.envelope import Envelope
from shared.contracts.inbox_orders import OrderSubmitted, PaymentCaptured, ShipmentHandedOver
from tests.benchmarks.baskets import STORE, messages
from tests.benchmarks.figures import Figure, Goal
from tests.benchmarks.measuring import Run, has_applied_a_batch, records_taken, work_off
from tests.benchmarks.options import Options
from tests.benchmarks.place import Place, place
from tests.support.eventually import eventually
from tests.support.stack import Stack

COMMANDS = {kind.wire_type() for kind in (OrderSubmitted, PaymentCaptured, ShipmentHandedOver)}
PER_SECOND_AND_PROCESS = 1_500.0
PER_SECOND = 2_000.0


async def run(stack: Stack, options: Options) -> list[Figure]:
    commands = _commands(options.days)
    async with place(stack, STORE) as ground:
        await ground.send("orders.inbox", commands)
        began = time.perf_counter()
        done = await _decided_by(1, ground, len(commands))
        decided = time.perf_counter()
        await _published(ground)
        published = time.perf_counter()
    more = _commands(2 * options.days)
    async with place(stack, STORE) as ground:
        await ground.send("orders.inbox", more)
        by_two = await _decided_by(2, ground, len(more))
        await _published(ground)
    return [
        Figure("commands", len(commands), "commands"),
        Figure("decided by one process", done.per_second, "commands/s", Goal(least=PER_SECOND_AND_PROCESS)),
        Figure("own CPU", done.cpu_micros, "µs/command"),
        Figure("until the last event was published", published - decided, "s"),
        Figure("with the start, until the last event was published", published - began, "s"),
        Figure("peak memory", done.peak_mb, "MB", Goal(most=250)),
        Figure("commands for two processes", len(more), "commands"),
        Figure("decided by two processes", by_two.per_second, "commands/s", Goal(least=PER_SECOND)),
        Figure("own CPU of both", by_two.cpu_micros, "µs/command"),
    ]


def _commands(days: int) -> list[Envelope]:
    return [envelope for envelope in messages(days) if envelope.type in COMMANDS]


async def _decided_by(processes: int, ground: Place, commands: int) -> Run:
    """From when all of them have taken part on, for the first one takes all until the next have joined the group."""
    running = await asyncio.gather(*(ground.store.start("orders") for _ in range(processes)))
    database = ground.store.database("orders")

    async def under_way() -> bool:
        return all([await has_applied_a_batch(process) for process in running])

    return await work_off(
        lambda: records_taken(database, "orders.inbox"),
        commands,
        *(process.pid for process in running),
        under_way=under_way,
    )


async def _published(ground: Place) -> None:
    outbox = ground.store.database("orders")["outbox"]

    async def is_empty() -> bool:
        return not await asyncio.to_thread(outbox.estimated_document_count)

    await eventually(is_empty, within=120)
