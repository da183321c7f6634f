"""Waiting for news of a ticket: one look for everybody who waits, however many they are."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from services.inquiries.reading import see_all
from shared.runtime.service_runtime import ServiceRuntime

LOOK_AGAIN = 0.15
"""Seconds between two looks for what other processes wrote; after a commit of this one the next is at once."""
BREATH = 0.02
"""Seconds between two looks at least, so that many commits do not mean as many looks."""


@dataclass(eq=False)
class _Waiter:
    id: str
    tag: str
    told: asyncio.Event = field(default_factory=asyncio.Event)


class Lookout:
    """One per process; it looks only while somebody waits."""

    def __init__(self) -> None:
        self._waiters: set[_Waiter] = set()
        self._looking: asyncio.Task[None] | None = None

    async def news(self, runtime: ServiceRuntime, id: str, tag: str, seconds: float) -> None:
        """Return when the ticket's tag is another one, after so many seconds, or when looking ends for any reason."""
        waiter = _Waiter(id, tag)
        self._waiters.add(waiter)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(runtime))
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(waiter.told.wait(), seconds)
        finally:
            self._waiters.discard(waiter)

    async def _look(self, runtime: ServiceRuntime) -> None:
        try:
            while self._waiters and not runtime.stopping.is_set():
                changed = runtime.changed
                sights = await see_all(runtime, {waiter.id for waiter in self._waiters})
                for waiter in self._waiters:
                    if waiter.id in sights and sights[waiter.id].tag != waiter.tag:
                        waiter.told.set()
                await asyncio.sleep(BREATH)
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), LOOK_AGAIN - BREATH)
        finally:
            for waiter in self._waiters:
                waiter.told.set()


_lookouts: "WeakKeyDictionary[ServiceRuntime, Lookout]" = WeakKeyDictionary()


def lookout(runtime: ServiceRuntime) -> Lookout:
    return _lookouts.setdefault(runtime, Lookout())
