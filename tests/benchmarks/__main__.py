"""`make bench`: figures of the services on a stack of their own. `make bench ARGS="ingest live"` runs some parts."""

import json
import logging
import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console

from deploy.local.failure import StackFailure
from deploy.local.store import DATA
from tests.benchmarks.figures import Figure, Result, table
from tests.benchmarks.machine import machine, pace
from tests.benchmarks.options import Options
from tests.support.stack import Stack, real_stack

PARTS = {
    "start": "start time and memory of each service",
    "ingest": "order events into analytics, beside a careful loop and a naive handler",
    "inbox": "commands through orders.inbox",
    "http": "order commands over HTTP at 1, 8 and 64 callers",
    "batches": "1,000 lines confirmed, delayed and shipped in one request each",
    "lists": "orders looked for among 150,000",
    "live": "from a parcel handed over to the ticket that shows it, at a steady rate",
    "reports": "latency of reports and lists",
    "guards": "what each protection of delivery costs",
    "soak": "memory over minutes of steady load",
    "profile": "where the time of the pure core goes",
    "year": "a year of baskets, first tenth and last; takes an hour or more, so only when it is named",
}
LONG = {"year"}
Part = Callable[[Stack, Options], Coroutine[None, None, Sequence[Figure]]]
console = Console(highlight=False, soft_wrap=True)


def measured(name: str, stack: Stack, options: Options) -> Result:
    part: Part = import_module(f"tests.benchmarks.{name}").run
    load, pace_ms, began = os.getloadavg()[0], pace(), time.perf_counter()
    figures = uvloop.run(part(stack, options))
    return Result(name, figures, time.perf_counter() - began, load, pace_ms)


def main() -> int:
    parser = ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(f"{n}: {w}" for n, w in PARTS.items()))
    days = f"of real baskets (default: {Options.days}, of year {Options.year_days})"
    parser.add_argument("--days", type=int, help=days)
    parser.add_argument("--rounds", type=int, default=Options.rounds, help="of ingest, guards (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=Options.seconds, help="of steady load (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=Options.minutes, help="of soak (default: %(default)s)")
    parser.add_argument("--json", type=Path, default=DATA / "bench.json", help="where the figures go, too")
    given = parser.parse_args()
    if unknown := [name for name in given.parts if name not in PARTS]:
        parser.error(f"{', '.join(unknown)}: no part; there are {', '.join(PARTS)}")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a topic's first leader is news to every producer
    days_of_year = given.days or Options.year_days
    options = Options(given.days or Options.days, days_of_year, given.rounds, given.seconds, given.minutes)
    document: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
    results: list[Result] = []
    try:
        with real_stack() as stack:
            for name in given.parts or [name for name in PARTS if name not in LONG]:
                result = measured(name, stack, options)
                console.print(table(result))
                results.append(result)
    except StackFailure as failure:
        console.print(str(failure), style="red", markup=False)
        return 1
    given.json.parent.mkdir(parents=True, exist_ok=True)
    document["parts"] = [result.document() for result in results]
    given.json.write_text(json.dumps(document, indent=2))
    missed = sum(figure.met is False for result in results for figure in result.figures)
    console.print(f"{missed} goals missed. The figures are in {given.json}.", markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
