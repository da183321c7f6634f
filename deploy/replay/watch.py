"""Waiting for the services, by what each says about itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import httpx
from pydantic import BaseModel

from deploy.local.failure import StackFailure
from deploy.local.status import ServiceStatus

Place = tuple[str, int]
"""Topic and partition."""
PATIENCE_SECONDS = 90
"""How long nothing may move before we stop waiting."""
MANY = 5_000
"""With so many records left we look seldom: each look takes time from the services that work on them."""


class StoreFacts(BaseModel):
    currency: str
    timezone: str

    def __str__(self) -> str:
        return f"{self.currency} and {self.timezone}"


class Standing(ServiceStatus):
    """The answer of GET /ops/status, with the store the service belongs to."""

    store: StoreFacts

    @property
    def positions(self) -> dict[Place, int]:
        return {(consumer.topic, consumer.partition): consumer.next for consumer in self.consumers}

    def taken(self, topic: str) -> int:
        """Records of a topic, whatever prefix its name has."""
        return sum(consumer.next for consumer in self.consumers if consumer.topic.endswith(topic))

    @property
    def lag(self) -> int:
        return sum(1 if consumer.lag is None else consumer.lag for consumer in self.consumers)


def session() -> httpx.AsyncClient:
    """Patient: a report over a whole year takes its time."""
    return httpx.AsyncClient(timeout=httpx.Timeout(10, read=600))


async def standing(client: httpx.AsyncClient, url: str) -> Standing:
    try:
        answer = await client.get(f"{url}/ops/status")
        return Standing.model_validate_json(answer.raise_for_status().content)
    except (httpx.HTTPError, ValueError) as error:
        raise StackFailure(f"{url}/ops/status does not tell how the service stands: {error!r}") from error


async def until_read(client: httpx.AsyncClient, url: str, reached: Mapping[Place, int]) -> None:
    """Until the service has taken every record up to these offsets."""

    async def look() -> Look:
        positions = (await standing(client, url)).positions
        return Look(sum(max(0, offset + 1 - positions.get(place, 0)) for place, offset in reached.items()), positions)

    await _until_none_left(look, f"{url} stopped reading")


@dataclass(frozen=True)
class Moment:
    """How all services stand at about the same time."""

    standings: Mapping[str, Standing]

    @property
    def left(self) -> int:
        return sum(service.lag + service.outbox.rows for service in self.standings.values())

    @property
    def positions(self) -> Mapping[str, Mapping[Place, int]]:
        return {name: service.positions for name, service in self.standings.items()}


async def moment(client: httpx.AsyncClient, urls: Mapping[str, str]) -> Moment:
    answers = await asyncio.gather(*(standing(client, url) for url in urls.values()))
    return Moment(dict(zip(urls, answers, strict=True)))


async def until_quiet(client: httpx.AsyncClient, urls: Mapping[str, str]) -> Moment:
    """Until two looks in a row find nothing left to read or to publish, and nothing read between them."""
    last: Moment | None = None

    async def look() -> Look:
        nonlocal last
        before, last = last, await moment(client, urls)
        news = before is None or before.left > 0 or before.positions != last.positions
        return Look(last.left + news, last.positions)

    await _until_none_left(look, "The services stopped making progress")
    assert last is not None
    return last


@dataclass(frozen=True)
class Look:
    left: int
    mark: object
    """Differs from the last look's if anything moved."""


async def _until_none_left(look: Callable[[], Awaitable[Look]], complaint: str) -> None:
    """A service that does not answer for a moment, such as one that restarts, is waited for, too."""
    mark, moved_at = None, time.monotonic()
    left = 0
    while True:
        impatient = time.monotonic() - moved_at > PATIENCE_SECONDS
        try:
            now = await look()
        except StackFailure:
            if impatient:
                raise
        else:
            if not (left := now.left):
                return
            if now.mark != mark:
                mark, moved_at = now.mark, time.monotonic()
            elif impatient:
                raise StackFailure(f"{complaint}: {now.left:,} records have been left for {PATIENCE_SECONDS} s.")
        await asyncio.sleep(until_next_look(left))


def until_next_look(left: int) -> float:
    """In seconds."""
    return 0.2 if left < MANY else 2.0
