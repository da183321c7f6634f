"""F14: processes come and go under load."""

import asyncio

from tests.faults.matrix.fault import Fault, Run
from tests.support.eventually import eventually
from tests.support.processes import Process


async def one_to_four_to_two(run: Run) -> None:
    more = [run.shop.start("orders") for _ in range(3)]
    await asyncio.gather(*(process.ready(90) for process in more))
    four = list(run.shop.running["orders"])
    await asyncio.gather(*(_works(process) for process in four))
    run.prove("processes with batches of their own", len(four))
    for process in four[:2]:
        run.prove("ended with 0", await run.shop.stop("orders", process) == 0)
        await run.progress(["orders"])


async def _works(process: Process) -> None:
    await eventually(lambda: process.metric("sellerdesk_batches_total"), within=60)


FAULTS = [Fault("F14", "scale 1 to 4 to 2 under load", one_to_four_to_two, groups=["orders"], customers=8)]
