"""Where the time goes in the pure core: the services' own tables over real baskets, in memory, under cProfile."""

import time
from collections.abc import Callable, Sequence
from cProfile import Profile
from pathlib import Path
from pstats import Stats
from typing import Any

from services.analytics import handlers as analytics
from services.analytics.repository import ORDER_FACTS
from services.analytics.settings import Settings as AnalyticsSettings
from services.inquiries import handlers as inquiries
from services.inquiries.repository import INQUIRY, ORDER_CARD, PRODUCT_CARD
from services.inquiries.settings import Settings as InquiriesSettings
from shared.runtime.decision import Kind
from shared.runtime.records import Record
from tests.benchmarks.baskets import AT_ONCE, messages, orders_core
from tests.benchmarks.figures import Figure
from tests.benchmarks.options import Options
from tests.support.memory import MemoryRuntime
from tests.support.stack import Stack

SHOWN = 12
CHECKOUT = Path(__file__).parents[2]
Core = Callable[[], MemoryRuntime]


def analytics_core() -> MemoryRuntime:
    settings = AnalyticsSettings(store_currency="USD", store_timezone="America/New_York")
    return MemoryRuntime("analytics", analytics.TABLE, [ORDER_FACTS], settings)


def inquiries_core() -> MemoryRuntime:
    kinds: list[Kind[Any]] = [INQUIRY, ORDER_CARD, PRODUCT_CARD]
    settings = InquiriesSettings(store_currency="USD", store_timezone="America/New_York")
    return MemoryRuntime("inquiries", inquiries.TABLE, kinds, settings)


async def run(_stack: Stack, options: Options) -> list[Figure]:
    commands = [orders_core().record(envelope) for envelope in messages(max(1, options.days // 3))]
    figures, events = _figures("orders", orders_core, commands)
    for name, core in (("analytics", analytics_core), ("inquiries", inquiries_core)):
        figures += _figures(name, core, events)[0]
    return figures


def _figures(name: str, core: Core, records: Sequence[Record]) -> tuple[list[Figure], list[Record]]:
    began = time.process_time()
    done = _through(core(), records)
    micros = (time.process_time() - began) / len(records) * 1e6
    profile = Profile()
    profile.runcall(_through, core(), records)
    costs: Any = Stats(profile).stats  # type: ignore[attr-defined]
    total = sum(own for _, _, own, _, _ in costs.values())
    worst = sorted(costs.items(), key=lambda item: -item[1][2])[:SHOWN]
    shares = [Figure(f"{name}: {_named(place)}", own / total * 100, "%") for place, (_, _, own, _, _) in worst]
    return [Figure(f"{name}, pure core", micros, "µs/record"), *shares], done.records


def _through(core: MemoryRuntime, records: Sequence[Record]) -> MemoryRuntime:
    for start in range(0, len(records), AT_ONCE):
        core.deliver_records(records[start : start + AT_ONCE])
    return core


def _named(place: tuple[str, int, str]) -> str:
    file, line, function = place
    path = Path(file)
    if path.is_relative_to(CHECKOUT / ".venv") or not path.is_relative_to(CHECKOUT):
        return f"{path.stem}.{function}" if line else function
    return f"{path.relative_to(CHECKOUT)}:{line} {function}"
