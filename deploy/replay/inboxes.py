from asyncio import Future, gather
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata

from deploy.local.failure import StackFailure
from deploy.replay.refusal import ReplayRefused
from shared.contracts.envelope import Envelope, encode
from shared.contracts.registry import WIRE_TYPES

IN_FLIGHT = 2_000
LARGEST_REQUEST = 4 * 1024 * 1024


class Inboxes:
    """The services' public inboxes, written as any other system would: acknowledged by all replicas, never twice."""

    def __init__(self, kafka: str, topic_prefix: str = "") -> None:
        self._kafka = kafka
        self._prefix = topic_prefix
        self._unsettled: list[Future[RecordMetadata]] = []
        self.sent: Counter[str] = Counter()
        """By wire type."""
        self.reached: dict[tuple[str, int], int] = {}
        """The last offset of ours per topic and partition, as far as settled."""

    async def __aenter__(self) -> Self:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._kafka,
            enable_idempotence=True,
            acks="all",
            compression_type="lz4",
            linger_ms=10,
            max_batch_size=256 * 1024,
            max_request_size=LARGEST_REQUEST,
        )
        try:
            await self._producer.start()
        except (KafkaError, OSError) as error:
            await self._producer.stop()
            raise ReplayRefused(f"Kafka does not answer at {self._kafka}: {error}") from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._producer.stop()

    async def send(self, envelope: Envelope) -> None:
        key, value, headers = encode(envelope)
        topic = self._prefix + WIRE_TYPES[envelope.type].topic
        with _failure():
            self._unsettled.append(await self._producer.send(topic, value, key=key, headers=headers))
        self.sent[envelope.type] += 1
        if len(self._unsettled) >= IN_FLIGHT:
            await self.settle()

    async def settle(self) -> None:
        """Returns when every record sent is acknowledged."""
        waiting, self._unsettled = self._unsettled, []
        with _failure():
            records = await gather(*waiting)
        for record in records:
            place = (record.topic, record.partition)
            self.reached[place] = max(record.offset, self.reached.get(place, 0))


@contextmanager
def _failure() -> Iterator[None]:
    try:
        yield
    except KafkaError as error:
        sentence = f"Kafka stopped taking messages: {error!r}. Replay again: what arrived before is not taken twice."
        raise StackFailure(sentence) from error
