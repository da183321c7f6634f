"""What any data set has to offer to be replayed. Which orders exist is decided by the source and nowhere else."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

from shared.contracts.base import InboxMessage
from shared.contracts.envelope import Envelope

Story = Sequence[Envelope]
"""All messages of one order, in the order of their times."""
UNCATEGORISED = "uncategorised"
"""The category of a product whose data set names none."""


@dataclass(frozen=True)
class Note:
    """One line of the report: what was left out or made up, how often, and why."""

    count: int
    what: str
    why: str


class Source(Protocol):
    name: str
    currency: str
    timezone: str

    @property
    def product_count(self) -> int: ...

    @property
    def order_count(self) -> int: ...

    def products(self) -> Iterable[Envelope]:
        """Everything that the orders name; sent before them."""

    def messages(self) -> Iterator[Envelope]:
        """Orders and all that happened to them, in the order of their times."""

    def left_out(self) -> Sequence[Note]: ...

    def made_up(self) -> Sequence[Note]: ...


@dataclass(frozen=True)
class Sender:
    """Addresses a source's messages. Ids are made from what they name, so a second replay repeats them."""

    uri: str

    def id(self, *names: str) -> UUID:
        return uuid5(uuid5(NAMESPACE_URL, self.uri), "|".join(names))

    def envelope(self, message: InboxMessage, subject: str, time: datetime, *which: str) -> Envelope:
        """`which` of them, where a subject is told several messages of a type."""
        return Envelope(
            id=str(self.id(subject, type(message).__name__, *which)),
            source=self.uri,
            type=message.wire_type(),
            time=time,
            subject=subject,
            data=message.model_dump_json(exclude_none=True).encode(),
        )


def in_order_of_time(stories: Iterable[Story]) -> Iterator[Envelope]:
    """Merges stories that come ordered by their first message, holding only those not told to the end."""
    pending: list[tuple[datetime, int, int, Envelope]] = []
    for number, story in enumerate(stories):
        while pending and pending[0][0] < story[0].time:
            yield heapq.heappop(pending)[-1]
        for place, message in enumerate(story):
            heapq.heappush(pending, (message.time, number, place, message))
    while pending:
        yield heapq.heappop(pending)[-1]
