"""What each protection costs: one orders process works off its inbox with all of them, and without one at a time.

Some mutants do more work where they lack the guard, not less: auto-commit asks Kafka to commit each batch.
"""

import random
from collections import defaultdict
from statistics import median

from shared.contracts.envelope import Envelope
from tests.benchmarks.figures import Figure
from tests.benchmarks.measuring import records_taken, work_off
from tests.benchmarks.options import Options
from tests.faults.matrix.load import Load, an_order, payment_of
from tests.faults.matrix.shop import Shop
from tests.faults.mutant import MUTANTS
from tests.support.stack import Stack

ORDERS = 4_000
AT_ONCE = 2_000


async def run(stack: Stack, options: Options) -> list[Figure]:
    rates: dict[str, list[float]] = defaultdict(list)
    for _ in range(options.rounds):
        for mutant in ("", *MUTANTS):
            rates[mutant].append(await _rate(stack, mutant))
    rate = {mutant: median(measured) for mutant, measured in rates.items()}
    figures = [Figure("with every guard", rate[""], "records/s")]
    for mutant in MUTANTS:
        figures.append(Figure(mutant, rate[mutant], "records/s"))
        figures.append(Figure(f"{mutant}: what that would gain", (rate[mutant] / rate[""] - 1) * 100, "%"))
    return figures


async def _rate(stack: Stack, mutant: str) -> float:
    """Records per second of orders placed and paid, as the service takes them."""
    shop = Shop(stack, seed=0)
    if mutant:
        shop.modules["orders"] = f"tests.faults.mutant {mutant.replace(' ', '_')} orders"
    async with shop.opened():
        told = _told(Load(shop, seed=0))
        for start in range(0, len(told), AT_ONCE):
            await shop.send("orders.inbox", told[start : start + AT_ONCE])
        process = shop.start("orders")
        database = shop.database("orders")
        done = await work_off(lambda: records_taken(database, "orders.inbox"), len(told), process.pid)
        return done.per_second


def _told(load: Load) -> list[Envelope]:
    orders = [an_order(f"ord_{number}", random.Random(number)) for number in range(ORDERS)]
    return [load.envelope(message) for order in orders for message in (order, payment_of(order))]
