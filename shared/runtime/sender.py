"""Sending rows of the outbox to Kafka: which of them it took in time, and what kept the others back.

One idempotent producer keeps the order: after a failed batch the broker takes none behind it. It never gives a batch
up by itself, so after any trouble it is ended, and the next round makes a new one.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerClosed
from aiokafka.partitioner import DefaultPartitioner

from shared.runtime.decision import Document
from shared.runtime.settings import ServiceSettings

PATIENCE_SECONDS = 1.0
"""How long a topic or a partition may keep one row from being sent; its others then wait for the next round."""
STOP_SECONDS = 2.0
_partition_of = DefaultPartitioner()


class Unsent(Exception):
    """Kafka answers, and did not take all rows."""


@dataclass(frozen=True)
class Sent:
    taken: Sequence[str]
    """Ids of the rows that Kafka has acknowledged."""
    trouble: BaseException | None
    """What kept another row back."""


class Sender:
    def __init__(self, settings: ServiceSettings) -> None:
        self._servers = settings.kafka_bootstrap_servers
        self._producer: AIOKafkaProducer | None = None
        self._ending: set[asyncio.Task[None]] = set()

    async def send(self, rows: Sequence[Document], seconds: float) -> Sent:
        """Pipelined, in their order; where a topic or partition takes none for now the others go on.

        Raises KafkaError or TimeoutError when there is no Kafka.
        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        async with asyncio.timeout_at(deadline):
            producer = await self._ready()
        shut: dict[tuple[str, int | None], BaseException] = {}
        partitions: dict[str, list[int]] = {}
        for topic in dict.fromkeys(row["topic"] for row in rows):
            try:
                async with asyncio.timeout_at(min(deadline, clock() + PATIENCE_SECONDS)):
                    partitions[topic] = sorted(await producer.partitions_for(topic))
            except (KafkaError, TimeoutError):
                shut[topic, None] = Unsent(f"Kafka has no topic {topic}, or does not tell of it")
        sending: dict[str, asyncio.Future[Any]] = {}
        for row in rows:
            topic = row["topic"]
            partition = _partition_of(bytes(row["key"]), partitions[topic], []) if topic in partitions else None
            if (topic, partition) in shut:
                continue
            try:
                async with asyncio.timeout_at(min(deadline, clock() + PATIENCE_SECONDS)):
                    sending[row["_id"]] = await _give(producer, row, partition)
            except (KafkaError, TimeoutError) as error:
                shut[topic, partition] = error
        if sending:
            await asyncio.wait(sending.values(), timeout=max(0.0, deadline - clock()))
        return _sent(sending, shut.values())

    def end(self) -> None:
        """Nothing more is sent. Beside what follows: it takes as long as a request may that is on its way."""
        producer, self._producer = self._producer, None
        if producer is not None:
            ending = asyncio.create_task(_end(producer))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    async def stop(self) -> None:
        self.end()
        if self._ending:
            _, late = await asyncio.wait(self._ending, timeout=STOP_SECONDS)
            for ending in late:
                ending.cancel()

    async def _ready(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._servers,
                acks="all",
                enable_idempotence=True,
                compression_type="lz4",
                linger_ms=0,
                max_batch_size=256 * 1024,
                max_request_size=4_000_000,
                request_timeout_ms=10_000,
            )
            try:
                await producer.start()
            except BaseException:
                with suppress(KafkaError, TimeoutError):
                    await asyncio.wait_for(producer.stop(), STOP_SECONDS)
                raise
            self._producer = producer
        return self._producer


async def _give(producer: AIOKafkaProducer, row: Document, partition: int | None) -> asyncio.Future[Any]:
    headers = [(name, bytes(raw)) for name, raw in row["headers"]]
    acknowledged: asyncio.Future[Any] = await producer.send(
        row["topic"], bytes(row["value"]), bytes(row["key"]), partition, headers=headers
    )
    return acknowledged


def _sent(sending: Mapping[str, asyncio.Future[Any]], troubles: Iterable[BaseException]) -> Sent:
    """Those late are let go of: what comes of them nobody hears."""
    late = [future for future in sending.values() if not future.done()]
    for future in late:
        future.cancel()
    failures = [failure for future in sending.values() if not future.cancelled() and (failure := future.exception())]
    taken = [id for id, future in sending.items() if not future.cancelled() and not future.exception()]
    if late:
        failures.append(Unsent(f"Kafka did not take {len(late)} events in time") if taken else TimeoutError())
    return Sent(taken, next(iter([*failures, *troubles]), None))


async def _end(producer: AIOKafkaProducer) -> None:
    """`stop` alone waits until Kafka has taken everything, for good: so what was not sent is given up before."""
    sending = producer._sender.sender_task
    if sending is not None:
        sending.cancel()
        await asyncio.wait([sending])
        producer._message_accumulator.fail_all(ProducerClosed())
    with suppress(KafkaError):
        await producer.stop()
