"""What Kafka took of the rows it was given, and what becomes of a producer that is given up."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from shared.runtime.sender import Sender, Unsent
from shared.runtime.settings import ServiceSettings
from tests.support.eventually import eventually
from tests.support.kafka import create_topics, read_all
from tests.support.stack import Stack

pytestmark = pytest.mark.stack
Rows = list[dict[str, Any]]


@pytest.fixture
async def topic(stack: Stack) -> str:
    name = f"t{uuid4().hex[:8]}.events"
    await create_topics(stack.kafka, [name])
    return name


@pytest.fixture
async def sender(stack: Stack) -> AsyncIterator[Sender]:
    sender = Sender(ServiceSettings(kafka_bootstrap_servers=stack.kafka))
    yield sender
    await sender.stop()


def rows(topic: str, count: int, length: int = 10) -> Rows:
    return [
        {"_id": f"account/a{n}/1", "topic": topic, "key": f"a{n}".encode(), "value": bytes(length), "headers": []}
        for n in range(count)
    ]


async def test_what_kafka_took_is_told(sender: Sender, topic: str, stack: Stack) -> None:
    sent = await sender.send(rows(topic, 20), 10)
    assert (set(sent.taken), sent.trouble) == ({row["_id"] for row in rows(topic, 20)}, None)
    assert len(await read_all(stack.kafka, topic)) == 20


async def test_one_that_kafka_refuses_takes_no_other_with_it(sender: Sender, topic: str) -> None:
    too_long, *others = rows(topic, 4)
    too_long["value"] = bytes(5_000_000)
    sent = await sender.send([too_long, *rows(f"{topic}.nowhere", 3), *others], 10)
    partition_of_the_long_one = {row["_id"] for row in [too_long, *others]} - set(sent.taken)
    assert too_long["_id"] in partition_of_the_long_one and sent.taken
    assert isinstance(sent.trouble, Unsent)


async def test_what_is_late_is_let_go_of_and_goes_again_with_another_producer(sender: Sender, topic: str) -> None:
    await sender.send(rows(topic, 1), 10)
    given_up = sender._producer
    assert given_up is not None
    late = await sender.send(rows(topic, 50), 0.0)
    assert late.taken == [] and isinstance(late.trouble, TimeoutError)
    sender.end()

    async def is_over() -> bool:
        return not sender._ending

    await eventually(is_over)
    assert given_up._sender.sender_task.done()
    assert not any(connection.connected() for connection in given_up.client._conns.values())
    again = await sender.send(rows(topic, 50), 10)
    assert len(again.taken) == 50 and sender._producer is not given_up
