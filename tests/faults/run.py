"""The fault matrix: `python -m tests.faults.run [F5 F18b …] --seed N --json PATH --fast`."""

import asyncio
import json
import logging
import random
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.faults.matrix.brokers import brokers
from tests.faults.matrix.one_run import Result, one_run
from tests.faults.matrix.registry import chosen
from tests.faults.mutant import MUTANTS

console = Console(width=140)
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def main() -> None:
    parser = ArgumentParser(description="Strike running services with faults and check that nothing is lost.")
    parser.add_argument("faults", nargs="*", help="such as F5 or F3b; all, and then all mutants, without any")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--json", type=Path, help="where to write the report")
    parser.add_argument("--fast", action="store_true", help="the selection that `make test` runs")
    parser.add_argument("--mutant", choices=[*MUTANTS, "all"], help="services without a protection: caught?")
    given = parser.parse_args()
    began = time.monotonic()
    faults = [] if given.mutant and not given.faults else chosen(given.faults, fast=given.fast)
    whole = not (given.faults or given.fast or given.mutant)
    mutants = list(MUTANTS) if whole or given.mutant == "all" else [given.mutant] if given.mutant else []
    results: list[Result] = []
    with brokers() as stack:
        for fault in faults if not given.mutant else []:
            results.append(asyncio.run(one_run(fault, given.seed, stack.stack, stack)))
            tell(results[-1])
        for mutant in mutants:
            (fault,) = chosen([MUTANTS[mutant][1]], fast=False)
            results.append(asyncio.run(one_run(fault, given.seed, stack.stack, stack, mutant)))
            tell(results[-1])
    seconds = time.monotonic() - began
    console.print(summary(results))
    console.print(f"seed {given.seed}, {len(results)} runs, {seconds:.0f} s")
    if given.json:
        given.json.write_text(json.dumps(report(results, given.seed, seconds), indent=2) + "\n", encoding="utf-8")
    sys.exit(0 if results and all(result.as_expected for result in results) else 1)


def tell(result: Result) -> None:
    proofs = ", ".join(f"{what} {count:,}" for what, count in result.proofs.items())
    name = f"{result.fault.title}, {result.mutant}" if result.mutant else result.fault.title
    console.print(f"{result.fault.id:<4} {result.outcome}  {name}: {proofs} ({result.seconds:.0f} s)", markup=False)
    if not result.as_expected:
        console.print(str(result.report), *result.complaints, f"repeat with: {result.command}", sep="\n", markup=False)


def summary(results: Iterable[Result]) -> Table:
    table = Table(title="Faults", title_justify="left")
    for name in ("fault", "what", "outcome", "compared", "stood still s", "records/s before, during, after", "run s"):
        table.add_column(name, justify="left" if name in ("fault", "what", "outcome") else "right")
    for result in results:
        rates = result.figures.get("records_per_second", {})
        table.add_row(
            result.fault.id,
            result.mutant or result.fault.title,
            result.outcome,
            f"{sum(finding.compared for finding in result.report.findings):,}",
            _figure(result.figures.get("standstill_seconds")),
            "  ".join(_figure(rates.get(when)) for when in ("before", "during", "after")),
            f"{result.seconds:.0f}",
        )
    return table


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def report(results: Iterable[Result], seed: int, seconds: float) -> dict[str, object]:
    return {"seed": seed, "seconds": round(seconds, 1), "runs": [result.as_json() for result in results]}


if __name__ == "__main__":
    main()
