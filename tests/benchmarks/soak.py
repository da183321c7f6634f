"""Whether memory stays flat: orders placed, paid, shipped and asked about at a steady rate, all services running."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median

from tests.benchmarks.figures import Figure, Goal
from tests.benchmarks.measuring import resident_mb
from tests.benchmarks.one_line import asked, handed_over, paid, placed, products, told
from tests.benchmarks.options import Options
from tests.benchmarks.place import SERVICES, Place, place
from tests.support.stack import Stack

PER_SECOND = 40
"""Orders; three messages each, and a ticket for every fourth."""
WARM = 0.2
"""Share of the time until caches and pools have their size."""
LAST = 0.1
FLAT = 1.1


async def run(stack: Stack, options: Options) -> list[Figure]:
    async with place(stack) as ground:
        await ground.start(*SERVICES)
        await ground.send("catalog.inbox", products())
        memory: dict[str, list[float]] = {name: [] for name in ground.services}
        began, second = time.perf_counter(), 0
        while second < options.minutes * 60:
            await asyncio.sleep(max(0.0, began + second - time.perf_counter()))
            await _one_second(ground, range(second * PER_SECOND, (second + 1) * PER_SECOND))
            for name, service in ground.services.items():
                memory[name].append(resident_mb(service.pid))
            second += 1
        await ground.quiet()
        behind = time.perf_counter() - began - second
    return [
        Figure("orders", second * PER_SECOND, "orders"),
        Figure("until all was done, behind the last", behind, "s"),
        *(figure for name, samples in memory.items() for figure in _figures(name, samples)),
    ]


async def _one_second(ground: Place, numbers: range) -> None:
    now = datetime.now(UTC)
    await ground.send(
        "orders.inbox", [told(message(n), now) for message in (placed, paid, handed_over) for n in numbers]
    )
    await ground.send("inquiries.inbox", [told(asked(n), now) for n in numbers[::4]])


def _figures(name: str, samples: Sequence[float]) -> list[Figure]:
    warm, last = int(len(samples) * WARM), max(1, int(len(samples) * LAST))
    before, after = median(samples[warm : warm + last]), median(samples[-last:])
    return [
        Figure(f"{name}, peak memory", max(samples), "MB", Goal(most=250)),
        Figure(f"{name}, memory in the end / after a fifth of the time", after / before, "×", Goal(most=FLAT)),
    ]
