"""Finds a consumer that is stuck: the log goes on and its position does not."""

import asyncio
import time
from collections.abc import Mapping

from aiokafka import TopicPartition

from shared.runtime.positions import KAFKA_SECONDS, Positions

STUCK_SECONDS = 60.0
"""How long a partition may stand still while all others do."""
PASSED_OVER_SECONDS = 600.0
"""How long while others move: what was fetched of them is applied first, and in a backlog that is much."""


class Watchdog:
    def __init__(self) -> None:
        self._moved: dict[TopicPartition, tuple[int, float]] = {}
        self._last_move = -STUCK_SECONDS

    async def stuck(self, positions: Positions) -> TopicPartition | None:
        """A partition that has had records to fetch for too long and did not move; silent while one is paused.

        Refuses on the way those whose log ends before what was read of it.
        """
        consumer = positions.consumer
        if consumer is None or positions.any_paused:
            self.forget()
            return None
        expected = {tp: next for tp, next in positions.expected.items() if positions.mine(tp)}
        if not expected:
            return None
        ends = await asyncio.wait_for(consumer.end_offsets(list(expected)), KAFKA_SECONDS)
        await positions.refuse_beyond(ends, expected)
        reached = {tp: await asyncio.wait_for(consumer.position(tp), KAFKA_SECONDS) for tp in expected}
        return self.judge(reached, ends, time.monotonic())

    def judge(
        self, reached: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int], now: float
    ) -> TopicPartition | None:
        """The one that stands still for too long, by how far each was at this look and those before."""
        waiting = {}
        for tp, position in reached.items():
            known, since = self._moved.get(tp, (position, now))
            if position != known:
                self._last_move = now
            if position != known or position >= ends[tp]:
                since = now
            self._moved[tp] = (position, since)
            waiting[tp] = now - since
        patience = STUCK_SECONDS if now - self._last_move > STUCK_SECONDS else PASSED_OVER_SECONDS
        return next((tp for tp, seconds in waiting.items() if seconds > patience), None)

    def forget(self) -> None:
        self._moved.clear()
