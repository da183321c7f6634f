"""What reading costs once a store has some size: reports over real baskets, lists of orders and of tickets."""

import time
from collections.abc import Mapping
from datetime import date, timedelta

from shared.contracts.envelope import Envelope
from shared.contracts.inbox_orders import OrderSubmitted
from tests.benchmarks.baskets import FIRST_DAY, STORE, messages
from tests.benchmarks.caller import Caller
from tests.benchmarks.figures import Figure, latencies
from tests.benchmarks.one_line import SENDER, asked
from tests.benchmarks.options import Options
from tests.benchmarks.place import Place, place
from tests.support.stack import Stack

ASKED = 200
ASKED_SECONDS = 15.0
SERVICES = ("orders", "inquiries", "analytics")


async def run(stack: Stack, options: Options) -> list[Figure]:
    told = messages(options.days)
    async with place(stack, STORE) as ground:
        await ground.start(*SERVICES)
        await ground.send("orders.inbox", told)
        await ground.send("inquiries.inbox", _tickets(told))
        await ground.quiet()
        size = [Figure(what, count, what) for what, count in _size(ground).items()]
        last = FIRST_DAY + timedelta(days=options.days - 1)
        waits = {name: await _wait(ground, *asked) for name, asked in _questions(FIRST_DAY, last).items()}
    return [*size, *(figure for name, seconds in waits.items() for figure in latencies(name, seconds))]


def _questions(first: date, last: date) -> Mapping[str, tuple[str, str]]:
    """Service and path, by name."""
    days = f"from={first}&to={last}"
    return {
        "sales by day": ("analytics", f"/sales?{days}"),
        "sales by month": ("analytics", f"/sales?grain=month&{days}"),
        "top products of the days": ("analytics", f"/products/top?{days}"),
        "top products of the months": ("analytics", f"/products/top?grain=month&{days}"),
        "newest 50 orders": ("orders", "/orders"),
        "newest 50 orders of a status": ("orders", "/orders?status=DELIVERED"),
        "newest 50 tickets": ("inquiries", "/inquiries"),
    }


async def _wait(ground: Place, service: str, path: str) -> list[float]:
    waits: list[float] = []
    async with Caller(ground.services[service].url) as caller:
        while len(waits) < ASKED and sum(waits) < ASKED_SECONDS:
            began = time.perf_counter()
            answer = await caller.get(path)
            waits.append(time.perf_counter() - began)
            if answer.status != 200:
                raise AssertionError(f"{path}: {answer.status} {answer.body[:300]!r}")
    return waits


def _tickets(told: list[Envelope]) -> list[Envelope]:
    """One about every third order, opened when it was placed."""
    placed = [envelope for envelope in told if envelope.type == OrderSubmitted.wire_type()][::3]
    tickets = [
        (asked(number).model_copy(update={"order_id": envelope.subject}), envelope)
        for number, envelope in enumerate(placed)
    ]
    return [SENDER.envelope(ticket, ticket.inquiry_id, envelope.time) for ticket, envelope in tickets]


def _size(ground: Place) -> Mapping[str, int]:
    collections = {
        "orders": ("orders", "orders"),
        "tickets": ("inquiries", "inquiries"),
        "ledger rows": ("analytics", "ledger"),
        "rollup documents": ("analytics", "rollups"),
    }
    database = ground.store.database
    return {
        name: database(service)[collection].estimated_document_count()
        for name, (service, collection) in collections.items()
    }
