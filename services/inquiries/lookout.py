"""Waiting for news of tickets: told at once by a commit of this process, by a shared look for those of others."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from services.inquiries.reading import Sight, see_all
from shared.runtime.batch import Writes
from shared.runtime.decision import Ref
from shared.runtime.http import Runtime
from shared.runtime.service_runtime import ServiceRuntime

LOOK_AGAIN = 0.15
"""Seconds between two looks for what other processes wrote, one look for everybody who waits."""


@dataclass(eq=False)
class _Waiter:
    id: str
    tag: str
    shown: frozenset[Ref]
    told: asyncio.Event = field(default_factory=asyncio.Event)


class Lookout:
    """One per process; it looks only while somebody waits."""

    def __init__(self, runtime: ServiceRuntime) -> None:
        self._runtime = runtime
        self._waiters: set[_Waiter] = set()
        self._looking: asyncio.Task[None] | None = None
        runtime.after_commit.append(self._written)

    async def news(self, id: str, sight: Sight, seconds: float) -> None:
        """Return when something of what the sight shows was written, after so many seconds, or when looking fails."""
        waiter = _Waiter(id, sight.tag, sight.refs)
        self._waiters.add(waiter)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(waiter.told.wait(), seconds)
        finally:
            self._waiters.discard(waiter)

    def _written(self, writes: Writes) -> None:
        written = {entry.ref for entry in writes.entries}
        for waiter in self._waiters:
            if not written.isdisjoint(waiter.shown):
                waiter.told.set()

    async def _look(self) -> None:
        """Ends with the last waiter; when it fails everybody is told and looks for himself, which shows the reason."""
        try:
            while self._waiters and not self._runtime.stopping.is_set():
                sights = await see_all(self._runtime, {waiter.id for waiter in self._waiters})
                for waiter in self._waiters:
                    if waiter.id not in sights or sights[waiter.id].tag != waiter.tag:
                        waiter.told.set()
                await self._runtime.stopping.rest(LOOK_AGAIN)
        finally:
            for waiter in self._waiters:
                waiter.told.set()


async def _lookout(request: Request, runtime: Runtime) -> Lookout:
    state = request.app.state
    if not hasattr(state, "lookout"):
        state.lookout = Lookout(runtime)
    lookout: Lookout = state.lookout
    return lookout


Watch = Annotated[Lookout, Depends(_lookout)]
