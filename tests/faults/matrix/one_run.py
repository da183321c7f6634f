"""One run: a fresh shop under load, a fault, quiet again, and the checker's word on what is left."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Any

from tests.faults.checker import check
from tests.faults.checking.report import Report
from tests.faults.matrix.brokers import Brokers
from tests.faults.matrix.fault import Fault, Run
from tests.faults.matrix.figures import figures, standstill
from tests.faults.matrix.load import PATIENCE_SECONDS, Load
from tests.faults.matrix.shop import Shop
from tests.support.stack import Stack

BEFORE_RECORDS, AFTER_RECORDS = 150, 150
STRIKE_SECONDS = 150.0
MUTANT_SECONDS = 12.0
"""What a mutant lost never comes, so nobody waits long for it."""


@dataclass
class Result:
    fault: Fault
    seed: int
    mutant: str = ""
    proofs: dict[str, int] = field(default_factory=dict)
    report: Report = field(default_factory=lambda: Report(()))
    complaints: list[str] = field(default_factory=list)
    """What went wrong beside the invariants: the fault did not hit, it never became quiet, somebody ended badly."""
    figures: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return self.report.ok and not self.complaints

    @property
    def as_expected(self) -> bool:
        """A mutant has to be caught, by an invariant."""
        return not self.report.ok if self.mutant else self.ok

    @property
    def outcome(self) -> str:
        broken = ", ".join(self.report.broken)
        if self.mutant:
            return f"caught by {broken}" if broken else "SURVIVED"
        return "ok" if self.ok else f"FAILED {broken}".rstrip()

    @property
    def command(self) -> str:
        """That repeats it."""
        mutant = f" --mutant '{self.mutant}'" if self.mutant else ""
        return f".venv/bin/python -m tests.faults.run {self.fault.id} --seed {self.seed}{mutant}"

    def as_json(self) -> dict[str, Any]:
        return {
            "fault": self.fault.id,
            "title": self.fault.title,
            "mutant": self.mutant or None,
            "seed": self.seed,
            "ok": self.as_expected,
            "outcome": self.outcome,
            "proofs": self.proofs,
            "invariants": self.report.as_json(),
            "complaints": self.complaints,
            "figures": self.figures,
            "seconds": round(self.seconds, 1),
            "repeat": self.command,
        }


async def one_run(fault: Fault, seed: int, stack: Stack, brokers: Brokers | None = None, mutant: str = "") -> Result:
    """mutant: the protection that all services lack."""
    result = Result(fault, seed, mutant)
    began = time.monotonic()
    shop = Shop(stack, seed, **fault.settings)
    if mutant:
        shop.modules = {name: f"tests.faults.mutant {mutant.replace(' ', '_')} {name}" for name in shop.modules}
    async with shop.opened():
        try:
            await _through(shop, fault, seed, brokers, result)
        except Exception as error:
            result.complaints.append(f"{type(error).__name__}: {error}"[:3000])
    result.seconds = time.monotonic() - began
    return result


async def _through(shop: Shop, fault: Fault, seed: int, brokers: Brokers | None, result: Result) -> None:
    for service in shop.running:
        shop.start(service, fault.failpoints.get(service, ""))
    await shop.ready()
    load = Load(shop, seed, customers=fault.customers)
    run = Run(shop, load, random.Random(f"fault {seed}"), brokers)
    over = asyncio.Event()
    sampling = asyncio.create_task(run.sample(over))
    await load.begin()
    try:
        await _strike(run, fault)
    except Exception as error:
        result.complaints.append(f"the fault could not be made: {type(error).__name__}: {error}"[:3000])
    run.ended_at = time.monotonic()
    patience = MUTANT_SECONDS if result.mutant else PATIENCE_SECONDS
    await load.end(patience)
    if busy := await shop.quiet(patience):
        result.complaints.append(f"it did not become quiet: {busy}")
    over.set()
    await sampling
    for id in load.tickets[-30:]:
        await load.see("inquiries", f"/inquiries/{id}", f"agent {id}")
    snapshot, badly_ended = await shop.snapshot()
    result.proofs = run.proofs
    result.complaints += [*badly_ended, *load.failures]
    result.complaints += [f"not proved: {what}" for what, count in run.proofs.items() if count <= 0]
    result.complaints += [] if run.proofs else ["nothing proves that the fault hit"]
    result.report = await asyncio.to_thread(check, snapshot)
    result.figures = {
        "records_per_second": figures(run),
        "standstill_seconds": standstill(run.samples, run.struck_at, run.ended_at, fault.groups),
        "acknowledged": len(snapshot.acknowledged),
        "records": sum(map(len, snapshot.topics.values())),
        "restarts": shop.restarts,
        **run.measured,
    }


async def _strike(run: Run, fault: Fault) -> None:
    if not fault.failpoints:
        await run.progress(records=BEFORE_RECORDS)
    run.strikes()
    async with asyncio.timeout(STRIKE_SECONDS):
        await fault.strike(run)
    run.over_at = time.monotonic()
    await run.progress(records=AFTER_RECORDS)
