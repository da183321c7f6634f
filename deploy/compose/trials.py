"""What is done to a project that is up and under load."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import httpx

from deploy.compose.project import Project
from deploy.local.failure import StackFailure
from deploy.replay.watch import moment

Say = Callable[[str], None]
PATIENCE_SECONDS = 180
FURTHER_RECORDS = 300
SCALED = {"orders": 2, "inquiries": 2, "analytics": 2}


async def scale_up_and_down(project: Project, client: httpx.AsyncClient, say: Say) -> None:
    """Every replica gets partitions and works on them, and gives them back."""
    await project.up(**SCALED)
    say(f"scaled up: {_named(await _shared(project, SCALED))} partitions")
    await _further_records(project, client)
    await project.up()
    say(f"scaled down: {_named(await _shared(project, dict.fromkeys(SCALED, 1)))} partitions")
    await _further_records(project, client)


async def lose_a_broker_and_a_mongod(project: Project, client: httpx.AsyncClient, say: Say) -> None:
    """One after the other: each is away while records go on to be read, and comes back."""
    await _away(project, "kafka-2", client, say)
    primary = await project.primary()
    await _away(project, primary, client, say)
    asked = "mongo" if primary != "mongo" else "mongo-2"
    say(f"primary before: {primary}, after: {await project.primary(asked)}")


async def _away(project: Project, part: str, client: httpx.AsyncClient, say: Say) -> None:
    began = time.monotonic()
    await project.compose("stop", part)
    stopped = time.monotonic()
    await _further_records(project, client)
    say(
        f"{part} stopped in {stopped - began:.1f} s; without it {FURTHER_RECORDS} records more "
        f"were read within {time.monotonic() - stopped:.1f} s"
    )
    await project.compose("start", part)

    async def healthy() -> bool:
        return await project.health(part) == "healthy"

    await eventually(healthy, f"{part} did not come back")


async def _further_records(project: Project, client: httpx.AsyncClient) -> None:
    """So many more than now, by every service that reads orders."""
    readers = {name: project.target.urls[name] for name in SCALED}
    goal: dict[str, int] = {}

    async def reached() -> bool:
        read = {name: sum(places.values()) for name, places in (await moment(client, readers)).positions.items()}
        if not goal:
            goal.update({name: count + FURTHER_RECORDS for name, count in read.items()})
        return all(read[name] >= goal[name] for name in readers)

    await eventually(reached, f"{FURTHER_RECORDS} more records were not read")


async def _shared(project: Project, members: Mapping[str, int]) -> dict[str, list[int]]:
    """The shares, once every group has so many members and each of them has partitions."""
    shares: dict[str, list[int]] = {}

    async def balanced() -> bool:
        found = await project.shares()
        shares.update({group.partition(".")[0]: counts for group, counts in found.items()})
        return all(len(shares.get(name, [])) == count and all(shares[name]) for name, count in members.items())

    await eventually(balanced, "The partitions were not shared out as they should be", pause=2)
    return {name: shares[name] for name in members}


def _named(shares: Mapping[str, list[int]]) -> str:
    return ", ".join(f"{name} {'+'.join(map(str, counts))}" for name, counts in shares.items())


async def eventually(condition: Callable[[], Awaitable[bool]], complaint: str, pause: float = 0.5) -> None:
    """A service that does not answer at the moment is not there yet."""
    deadline, last = time.monotonic() + PATIENCE_SECONDS, ""
    while time.monotonic() < deadline:
        try:
            if await condition():
                return
        except StackFailure as failure:
            last = f" ({failure})"
        await asyncio.sleep(pause)
    raise StackFailure(f"{complaint} within {PATIENCE_SECONDS} s{last}.")
