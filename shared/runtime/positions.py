"""Where each partition of a consumer group stands in this process: the offset expected next, and who may move it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from shared.runtime.offsets import Offsets

KAFKA_SECONDS = 10
GetMany = Callable[..., Awaitable[Any]]
log = structlog.get_logger(__name__)


class Positions(ConsumerRebalanceListener):  # type: ignore[misc]
    """Loaded after each assignment, moved by each commit, sought back by everything else.

    A partition without an expected offset is not read: its records are dropped and come again after the seek.
    """

    def __init__(self, group: str, offsets: Offsets) -> None:
        self.group = group
        self.offsets = offsets
        self.consumer: AIOKafkaConsumer | None = None
        self.expected: dict[TopicPartition, int] = {}
        """Per partition the offset this process loaded or wrote last."""
        self.troubles: dict[TopicPartition, str] = {}
        """Why a partition is not read: until it moves, is loaded anew or goes to another process."""
        self.assigned = asyncio.Event()
        """Set when positions have to be loaded."""
        self._paused: dict[TopicPartition, float] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._doubtful: set[TopicPartition] = set()
        """Partitions of a fetch that raised: it may have taken records with it."""
        self._looked: dict[TopicPartition, int] = {}

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self.forget(revoked)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Only forget; `load` loads: aiokafka delivers records while this runs, and swallows what it raises."""
        self.forget(assigned)

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        for tp in list(partitions):
            self.expected.pop(tp, None)
            self._committed.pop(tp, None)
            self.troubles.pop(tp, None)
        self.assigned.set()

    def read_with(self, consumer: AIOKafkaConsumer | None) -> None:
        """Note of every fetch of this consumer that raises which partitions it may have taken records from."""
        if consumer is self.consumer:
            return
        self.consumer = consumer
        if consumer is not None:
            consumer.getmany = self._noting(consumer, consumer.getmany)

    def _noting(self, consumer: AIOKafkaConsumer, getmany: GetMany) -> GetMany:
        async def noting(*partitions: TopicPartition, **limits: Any) -> Any:
            try:
                return await getmany(*partitions, **limits)
            except BaseException:
                self._doubtful |= consumer.assignment()
                raise

        return noting

    def mine(self, tp: TopicPartition) -> bool:
        return self.consumer is not None and tp in self.consumer.assignment()

    async def fresh(self, tp: TopicPartition, fetched: list[ConsumerRecord]) -> list[ConsumerRecord]:
        """The fetched records to apply: of a loaded partition, from the expected offset on.

        A position not behind the last record means that a seek happened after the fetch: all of them come again.
        """
        expected = self.expected.get(tp)
        if expected is None or self.consumer is None or not self.mine(tp):
            return []
        if await self.consumer.position(tp) <= fetched[-1].offset:
            return []
        if fetched[0].offset <= expected:
            self._doubtful.discard(tp)
        elif not await self._true_gap(tp, expected):
            return []
        return [record for record in fetched if record.offset >= expected]

    def advance(self, moves: Mapping[TopicPartition, tuple[int, int]]) -> None:
        """After a commit; a partition lost meanwhile stays forgotten."""
        for tp, (_, following) in moves.items():
            if tp in self.expected:
                self.expected[tp] = following
                self.troubles.pop(tp, None)

    def seek(self, partitions: Iterable[TopicPartition]) -> None:
        """Fetch again from the expected offset."""
        for tp in partitions:
            if self.consumer is not None and tp in self.expected and self.mine(tp):
                self.consumer.seek(tp, self.expected[tp])
                self._doubtful.discard(tp)

    def pause(self, tp: TopicPartition, seconds: float, reason: str) -> None:
        """Do not fetch a partition for a while, and say why in readiness."""
        if self.consumer is not None and self.mine(tp):
            self.consumer.pause(tp)
            self._paused[tp] = time.monotonic() + seconds
            self.troubles[tp] = reason

    def resume(self) -> None:
        """Fetch the partitions again whose pause is over; the trouble stays until that helped."""
        for tp, until in list(self._paused.items()):
            if time.monotonic() >= until:
                self._end_pause(tp)

    def _end_pause(self, tp: TopicPartition) -> None:
        if self._paused.pop(tp, None) is not None and self.consumer is not None and self.mine(tp):
            self.consumer.resume(tp)

    @property
    def any_paused(self) -> bool:
        return bool(self._paused)

    async def load(self) -> None:
        """Load and seek every assigned partition that has no expected offset yet."""
        consumer = self.consumer
        if consumer is None:
            return
        unknown = consumer.assignment() - self.expected.keys()
        if not unknown:
            return
        beginnings = await asyncio.wait_for(consumer.beginning_offsets(list(unknown)), KAFKA_SECONDS)
        ends = await asyncio.wait_for(consumer.end_offsets(list(unknown)), KAFKA_SECONDS)
        for tp, row in (await self.offsets.load(beginnings)).items():
            if not self.mine(tp):
                continue
            if "paused" in row:
                self.pause(tp, 0.5, f"{tp.topic}/{tp.partition} is paused: {row['paused']['reason']}")
            elif not beginnings[tp] <= row["next"] <= ends[tp]:
                self._refuse(tp, row["next"], beginnings[tp], ends[tp])
            else:
                self._end_pause(tp)
                consumer.seek(tp, row["next"])
                self._doubtful.discard(tp)
                self.expected[tp] = row["next"]
                self.troubles.pop(tp, None)

    def look_back(self) -> None:
        """Fetch again where a fetch raised, and nothing has come of the partition since the last look."""
        for tp, expected in list(self.expected.items()):
            idle = self._looked.get(tp) == expected
            self._looked[tp] = expected
            if idle and tp in self._doubtful:
                self.seek([tp])

    async def _true_gap(self, tp: TopicPartition, expected: int) -> bool:
        """Whether the log has nothing between the expected offset and what was fetched: a transaction's marker.

        After a fetch that raised only a new one from the expected offset can say. Records deleted before they were read
        are no such gap, and are refused loudly.
        """
        assert self.consumer is not None
        if tp in self._doubtful:
            self.seek([tp])
            return False
        beginning = (await asyncio.wait_for(self.consumer.beginning_offsets([tp]), KAFKA_SECONDS))[tp]
        if beginning <= expected:
            return True
        end = (await asyncio.wait_for(self.consumer.end_offsets([tp]), KAFKA_SECONDS))[tp]
        self.expected.pop(tp, None)
        self._refuse(tp, expected, beginning, end)
        return False

    async def refuse_beyond(self, ends: Mapping[TopicPartition, int], expected: Mapping[TopicPartition, int]) -> None:
        """Of a topic created anew Kafka's client would read on from its beginning, and nobody would apply it.

        expected: as it was before the ends were asked for.
        """
        beyond = [tp for tp, end in ends.items() if expected[tp] > end and tp in self.expected]
        if not beyond or self.consumer is None:
            return
        beginnings = await asyncio.wait_for(self.consumer.beginning_offsets(beyond), KAFKA_SECONDS)
        for tp in beyond:
            self.expected.pop(tp, None)
            self._refuse(tp, expected[tp], beginnings[tp], ends[tp])

    def _refuse(self, tp: TopicPartition, stored: int, beginning: int, end: int) -> None:
        reason = (
            f"{tp.topic}/{tp.partition}: the stored offset {stored} is outside of the log [{beginning}, {end}]: "
            "was the topic created anew, or its records deleted? The runbook says what to do."
        )
        if self.troubles.get(tp) != reason:
            log.error("stored offset outside of the log", group=self.group, reason=reason)
        self.pause(tp, 30.0, reason)

    async def caught_up(self) -> bool:
        """Whether nothing is left to read here: done, or gone to another process."""
        partitions = [tp for tp in self.expected if self.mine(tp)]
        if self.consumer is None or not partitions:
            return True
        ends = await asyncio.wait_for(self.consumer.end_offsets(partitions), KAFKA_SECONDS)
        return all(self.expected.get(tp, end) >= end for tp, end in ends.items())

    async def commit(self) -> None:
        """Advisory: lag tools read Kafka's committed offsets, this service never does."""
        news = {tp: next for tp, next in self.expected.items() if self._committed.get(tp) != next}
        if self.consumer is None or not news or not self.consumer.assignment() >= news.keys():
            return
        with suppress(KafkaError, TimeoutError):
            await asyncio.wait_for(self.consumer.commit(news), 5)
            self._committed |= news
