"""What a fault is, and what it is given to strike with."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from tests.faults.checking.snapshot import Source
from tests.faults.matrix.brokers import Brokers
from tests.faults.matrix.load import Load
from tests.faults.matrix.shop import Shop
from tests.support.eventually import eventually
from tests.support.processes import Process

Sample = tuple[float, Mapping[Source, int]]
"""When the stored offsets were looked at, and what they were."""


class Run:
    """One fault at work on one shop under load."""

    def __init__(self, shop: Shop, load: Load, chance: random.Random, brokers: Brokers | None) -> None:
        self.shop = shop
        self.load = load
        self.chance = chance
        self.proofs: dict[str, int] = {}
        self.measured: dict[str, float] = {}
        self.samples: list[Sample] = []
        self.struck_at = 0.0
        self.over_at = 0.0
        self.ended_at = 0.0
        self._brokers = brokers

    @property
    def brokers(self) -> Brokers:
        assert self._brokers is not None, "this fault needs brokers of its own"
        return self._brokers

    def prove(self, what: str, count: float) -> None:
        """The fault hit: how often was seen. Nothing at all fails the run."""
        self.proofs[what] = self.proofs.get(what, 0) + int(count)

    def strikes(self) -> None:
        """Now; what follows is measured from here."""
        self.struck_at = time.monotonic()

    def only(self, service: str) -> Process:
        (process,) = self.shop.running[service]
        return process

    async def progress(self, groups: Sequence[str] = (), records: int = 40, within: float = 60.0) -> None:
        """Until so many more records are applied by some groups, or by all together."""
        before = applied(await self.shop.positions(), groups)

        async def has_moved() -> bool:
            return applied(await self.shop.positions(), groups) >= before + records

        await eventually(has_moved, within=within)

    async def seconds(self, seconds: float) -> None:
        """Of load, while the fault lasts."""
        await asyncio.sleep(seconds)

    async def sample(self, until: asyncio.Event) -> None:
        """Look at the stored offsets again and again: they may only grow."""
        while not until.is_set():
            with suppress(Exception):
                positions = await self.shop.positions()
                self.samples.append((time.monotonic(), positions))
                self.shop.observed.positions.append(positions)
            with suppress(TimeoutError):
                await asyncio.wait_for(until.wait(), 0.25)


def applied(positions: Mapping[Source, int], groups: Sequence[str] = ()) -> int:
    return sum(next for (group, _, _), next in positions.items() if not groups or group in groups)


Strike = Callable[[Run], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """start: with which failpoint the services begin, where not with none. groups: whose standstill is measured."""

    id: str
    title: str
    strike: Strike
    failpoints: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    groups: Sequence[str] = ()
    needs_brokers: bool = False
    """Kills or stops Kafka or MongoDB, so it cannot run on ones that are given."""
    fast: bool = False
    """Part of the selection that `make test` runs."""
    customers: int = 6

    @property
    def number(self) -> str:
        """`F3` of the variants `F3a` and `F3b`."""
        return self.id.rstrip("abcdefgh")
