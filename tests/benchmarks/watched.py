"""A command of ours at work on a store: how far each service is meanwhile, and what it occupies."""

import asyncio
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from deploy.local.failure import StackFailure
from deploy.replay.watch import moment
from tests.benchmarks.measuring import cpu_seconds, resident_mb
from tests.benchmarks.place import Place

LOOK_SECONDS = 2.0
COMMANDS, EVENTS = "orders.inbox", "orders.events"
MONGOD = "mongod"


@dataclass(frozen=True)
class Look:
    at: float
    taken: Mapping[str, int]
    """Records about orders: by the service orders those that command it, by the others those that it tells."""
    unread: int
    """Commands that the service orders has not taken."""
    cpu: Mapping[str, float]
    """Seconds, of each service and of MongoDB."""
    memory: Mapping[str, float]
    """Resident MB of each service."""


@dataclass
class Watched:
    looks: list[Look] = field(default_factory=list)
    """The last one after it ended."""
    exit_code: int = 0
    seconds: float = 0.0
    peak_mb: float = 0.0
    """Of the command itself."""


async def watched(ground: Place, client: httpx.AsyncClient, *arguments: str) -> Watched:
    """`sellerdesk` with these arguments; what it says goes where the bench's own words go."""
    run, began = Watched(), time.perf_counter()
    program = Path(sys.executable).with_name("sellerdesk")
    process = await asyncio.create_subprocess_exec(program, *arguments, env=ground.environment)
    try:
        while process.returncode is None:
            with suppress(StackFailure):  # a busy service may not answer: the next look tells as much
                run.looks.append(await look(ground, client))
            with suppress(psutil.NoSuchProcess):
                run.peak_mb = max(run.peak_mb, resident_mb(process.pid))
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        if process.returncode is None:
            process.terminate()
        run.exit_code, run.seconds = await process.wait(), time.perf_counter() - began
    run.looks.append(await look(ground, client))
    return run


async def look(ground: Place, client: httpx.AsyncClient) -> Look:
    standings = (await moment(client, ground.urls)).standings
    pids = {name: service.pid for name, service in ground.services.items()}
    admin = ground.store.database("orders").client.admin
    mongod = (await asyncio.to_thread(admin.command, "serverStatus"))["extra_info"]
    return Look(
        at=time.perf_counter(),
        taken={name: one.taken(COMMANDS if name == "orders" else EVENTS) for name, one in standings.items()},
        unread=sum(one.lag or 0 for one in standings["orders"].consumers if one.topic.endswith(COMMANDS)),
        cpu={name: cpu_seconds(pid) for name, pid in pids.items()}
        | {MONGOD: (mongod["user_time_us"] + mongod["system_time_us"]) / 1e6},
        memory={name: resident_mb(pid) for name, pid in pids.items()},
    )
