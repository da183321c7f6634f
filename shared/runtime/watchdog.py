"""Finds a consumer that is stuck: the log goes on and its position does not."""

import asyncio
import time

from aiokafka import TopicPartition

from shared.runtime.positions import KAFKA_SECONDS, Positions

STUCK_SECONDS = 60.0


class Watchdog:
    def __init__(self, positions: Positions) -> None:
        self._positions = positions
        self._moved: dict[TopicPartition, tuple[int, float]] = {}

    async def stuck(self) -> TopicPartition | None:
        """A partition that has had records to fetch for a minute and did not move; silent while one is paused.

        Refuses on the way those whose log ends before what was read of it.
        """
        positions, consumer = self._positions, self._positions.consumer
        if consumer is None or positions.any_paused:
            self.forget()
            return None
        expected = {tp: next for tp, next in positions.expected.items() if positions.mine(tp)}
        if not expected:
            return None
        ends = await asyncio.wait_for(consumer.end_offsets(list(expected)), KAFKA_SECONDS)
        await positions.refuse_beyond(ends, expected)
        now = time.monotonic()
        for tp in expected:
            position = await asyncio.wait_for(consumer.position(tp), KAFKA_SECONDS)
            known, since = self._moved.get(tp, (-1, now))
            if position != known or position >= ends[tp]:
                self._moved[tp] = (position, now)
            elif now - since > STUCK_SECONDS:
                return tp
        return None

    def forget(self) -> None:
        self._moved.clear()
