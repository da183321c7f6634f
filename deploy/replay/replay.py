"""A data set through the public inboxes: the products, and once catalog has them, all that happened to the orders."""

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import datetime

import httpx

from deploy.replay.inboxes import Inboxes
from deploy.replay.refusal import ReplayRefused
from deploy.replay.source import Source
from deploy.replay.watch import StoreFacts, standing, until_read
from deploy.target import Target
from shared.contracts.envelope import Envelope

Progress = Callable[[Envelope], None]


class Pace:
    """speed: seconds of the data per second of the clock; None is as fast as possible."""

    def __init__(self, speed: float | None = None) -> None:
        self._speed = speed
        self._first: tuple[datetime, float] | None = None

    async def wait_for(self, moment: datetime) -> None:
        if self._speed is None:
            return
        then, began = self._first = self._first or (moment, time.monotonic())
        due = began + (moment - then).total_seconds() / self._speed
        if (left := due - time.monotonic()) > 0:
            await asyncio.sleep(left)


async def refuse_other_store(client: httpx.AsyncClient, target: Target, source: Source) -> None:
    wanted = StoreFacts(currency=source.currency, timezone=source.timezone)
    for service in ("catalog", "orders", "analytics"):
        found = (await standing(client, target.urls[service])).store
        if found != wanted:
            raise ReplayRefused(f"This store counts in {found}, {source.name} in {wanted}; nothing was sent.")


async def send_products(
    source: Source, inboxes: Inboxes, client: httpx.AsyncClient, target: Target, progress: Progress
) -> None:
    """Returns when catalog has every one of them."""
    await send(source.products(), inboxes, Pace(), progress)
    await until_read(client, target.urls["catalog"], inboxes.reached)


async def send(messages: Iterable[Envelope], inboxes: Inboxes, pace: Pace, progress: Progress) -> None:
    for envelope in messages:
        await pace.wait_for(envelope.time)
        await inboxes.send(envelope)
        progress(envelope)
    await inboxes.settle()
