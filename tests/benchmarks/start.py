"""How long a service takes from its start to being ready, on a database that has its indexes, and what it occupies."""

import time

from tests.benchmarks.figures import Figure, Goal
from tests.benchmarks.measuring import resident_mb
from tests.benchmarks.options import Options
from tests.benchmarks.place import SERVICES, place
from tests.support.stack import Stack


async def run(stack: Stack, _options: Options) -> list[Figure]:
    figures = []
    async with place(stack) as ground:
        for service in SERVICES:
            first = await ground.store.start(service)
            await first.end()
            began = time.perf_counter()
            second = await ground.store.start(service)
            figures += [
                Figure(f"{service}, until ready", time.perf_counter() - began, "s"),
                Figure(f"{service}, memory when ready", resident_mb(second.pid), "MB", Goal(most=250)),
            ]
    return figures
