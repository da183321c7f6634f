"""A year of real baskets by `sellerdesk replay`, all services running: is its last tenth as fast as its first?

Tenths are of orders, not of time. An order counts as done once each service has taken its share of the records: the
services work beside each other, and how far ahead one of them is changes by itself. In the first tenth the replay
itself keeps the machine busy with sending, and a basket of winter has more lines than one of summer (9.8 and 9.1), so
two more figures compare like with like: commands taken while all of them are waiting in the inbox and nobody sends,
and what a record costs each process in CPU, whoever else is at work.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import dropwhile, takewhile

from deploy.local.failure import StackFailure
from deploy.replay.watch import Moment, moment, session
from tests.benchmarks.baskets import STORE
from tests.benchmarks.figures import Figure, Goal
from tests.benchmarks.options import Options
from tests.benchmarks.place import SERVICES, place
from tests.benchmarks.tenths import TENTHS, costs, slowest, within
from tests.benchmarks.watched import MONGOD, Look, Watched, watched
from tests.support.stack import Stack

FIRST_DAY = date(2017, 1, 1)
AS_FAST = 0.8
FLAT = 1.1
ENOUGH = 10
"""Looks that make a tenth of what they saw worth a figure."""


async def run(stack: Stack, options: Options) -> list[Figure]:
    last_day = FIRST_DAY + timedelta(days=options.year_days - 1)
    period = ("--from", f"{FIRST_DAY}", "--to", f"{last_day}")
    async with place(stack, STORE) as ground, session() as client:
        await ground.start(*SERVICES)
        replay = await watched(ground, client, "replay", "completejourney", *period)
        if replay.exit_code:
            raise StackFailure(f"The replay ended with {replay.exit_code}.")
        left = await moment(client, ground.urls)
        reconcile = await watched(ground, client, "reconcile", "--source", "completejourney", *period)
        orders = ground.store.database("orders")["orders"].estimated_document_count()
    looks = told_of_orders(replay.looks)
    return [
        *_whole(orders, replay, reconcile, left),
        *pace(orders, looks),
        *(figure for name in SERVICES for figure in _memory(name, looks, reconcile.looks)),
        *(figure for name in (*SERVICES, MONGOD) for figure in _cpu(name, looks)),
    ]


def told_of_orders(looks: Sequence[Look]) -> Sequence[Look]:
    """From the last look before the first order, when all products are there."""
    silent = sum(1 for _ in takewhile(lambda look: not any(look.taken.values()), looks))
    return looks[max(0, silent - 1) :]


def _whole(orders: int, replay: Watched, reconcile: Watched, left: Moment) -> Iterator[Figure]:
    waiting = sum(service.held + service.parked for service in left.standings.values())
    yield Figure("orders", orders, "orders")
    yield Figure("commands", replay.looks[-1].taken["orders"], "commands")
    yield Figure("replay, with its products", replay.seconds, "s")
    yield Figure("replay, peak memory", replay.peak_mb, "MB", Goal(most=500))
    ahead = max(look.unread for look in replay.looks)
    yield Figure("replay, ahead of the services at most", ahead, "commands")
    yield Figure("left to read or to publish, held or parked in the end", left.left + waiting, "records", Goal(most=0))
    yield Figure("reconcile", reconcile.seconds, "s")
    yield Figure("reconcile, peak memory", reconcile.peak_mb, "MB")
    yield Figure("reconcile, exit code", reconcile.exit_code, "", Goal(most=0))


def pace(orders: int, looks: Sequence[Look]) -> Iterator[Figure]:
    times = costs(done(looks), [look.at for look in looks])
    for number, seconds in enumerate(times, start=1):
        yield Figure(f"orders done, tenth {number}", orders / TENTHS / seconds, "orders/s")
    yield Figure("orders done, last tenth / first", times[0] / times[-1], "×", Goal(least=AS_FAST))
    if len(waiting := unsent_no_more(looks)) >= ENOUGH:
        commands = [look.taken["orders"] for look in waiting]
        spent = costs(commands, [look.at for look in waiting])
        yield Figure("commands taken, nobody sending", (commands[-1] - commands[0]) / sum(spent), "commands/s")
        yield Figure("commands taken, last tenth / first", spent[0] / spent[-1], "×", Goal(least=AS_FAST))


def done(looks: Sequence[Look]) -> Sequence[float]:
    return slowest(*([look.taken[name] for look in looks] for name in SERVICES))


def unsent_no_more(looks: Sequence[Look]) -> Sequence[Look]:
    """Those between the last command sent and the last one taken."""
    all_sent = dropwhile(lambda look: look.taken["orders"] + look.unread < looks[-1].taken["orders"], looks)
    return list(takewhile(lambda look: look.unread, all_sent))


def _memory(name: str, looks: Sequence[Look], reconcile: Sequence[Look]) -> Iterator[Figure]:
    memory = [look.memory[name] for look in looks]
    growth = within(done(looks), memory, TENTHS - 1) / within(done(looks), memory, 1)
    yield Figure(f"{name}, peak memory", max(memory), "MB", Goal(most=250))
    yield Figure(f"{name}, memory in the last tenth / second", growth, "×", Goal(most=FLAT))
    yield Figure(f"{name}, peak memory while it reconciles", max(look.memory[name] for look in reconcile), "MB")


def _cpu(name: str, looks: Sequence[Look]) -> Iterator[Figure]:
    """Of MongoDB for a record of any service."""
    counted = SERVICES if name == MONGOD else (name,)
    records = [sum(look.taken[one] for one in counted) for look in looks]
    spent = costs(records, [look.cpu[name] for look in looks])
    yield Figure(f"{name}, CPU", sum(spent) / records[-1] * 1e6, "µs/record")
    yield Figure(f"{name}, CPU per record, last tenth / first", spent[-1] / spent[0], "×")
