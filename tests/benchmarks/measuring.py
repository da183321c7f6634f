"""Watching a process work through what is waiting for it."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import psutil

from tests.support.processes import Process

LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Run:
    """From the first progress that was seen to the last."""

    done: int
    seconds: float
    peak_mb: float
    """Of one process."""
    cpu_seconds: float
    """Of the processes: says something even where others keep the machine busy."""

    @property
    def per_second(self) -> float:
        return self.done / self.seconds

    @property
    def cpu_micros(self) -> float:
        """Per piece of work."""
        return self.cpu_seconds / self.done * 1e6


async def work_off(
    progress: Callable[[], Awaitable[int]],
    target: int,
    *pids: int,
    under_way: Callable[[], Awaitable[bool]] | None = None,
    within: float = 180,
) -> Run:
    """Until `progress` has reached the target. Starting up and joining the group are not part of the time: it begins
    with the first progress, or, where several share the work, with the first that is seen when all are under way.
    """
    deadline = time.perf_counter() + within
    began, cpu, first, peak = 0.0, 0.0, 0, 0.0
    while True:
        done, now = await progress(), time.perf_counter()
        peak = max(peak, *map(resident_mb, pids))
        if done and not first and (under_way is None or await under_way()):
            began, cpu, first = now, sum(map(cpu_seconds, pids)), done
        if done >= target:
            if not first:
                raise RuntimeError("all was done before every process had begun: give them more to do")
            return Run(done - first, now - began, peak, sum(map(cpu_seconds, pids)) - cpu)
        if now > deadline:
            raise TimeoutError(f"{done} of {target} after {within:.0f} s")
        await asyncio.sleep(LOOK_SECONDS)


async def records_taken(database: Any, ending: str) -> int:
    """How far a consumer group stands in all partitions of a topic, by the offsets it stores in its database."""
    rows = await asyncio.to_thread(lambda: list(database["offsets"].find({"topic": {"$regex": f"{ending}$"}})))
    return sum(row["next"] for row in rows)


async def has_applied_a_batch(process: Process) -> bool:
    metrics = (await process.http.get("/metrics")).text
    return any(float(value) > 0 for value in re.findall(r"^sellerdesk_batches_total\{.*\} (.*)$", metrics, re.M))


def cpu_seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def resident_mb(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss) / 2**20
