"""The example for other systems does what the README says it does, against the real orders service."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.ports import free_ports
from deploy.local.services import is_ready
from deploy.topics import create_topics, topics
from tests.support.eventually import eventually
from tests.support.stack import Stack

pytestmark = pytest.mark.stack
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "emit.py"
PREFIX = "example-"


@contextmanager
def orders_service(environment: Mapping[str, str], log: Path) -> Iterator[None]:
    port = free_ports()["orders"]
    with log.open("wb") as output:
        command = [sys.executable, "-m", "services.orders.app"]
        environment = {**environment, "ORDERS_HTTP_PORT": str(port)}
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)

    async def ready_or_dead() -> bool:
        return process.poll() is not None or await asyncio.to_thread(is_ready, f"http://127.0.0.1:{port}")

    try:
        asyncio.run(eventually(ready_or_dead, within=30))
        yield
    finally:
        process.terminate()
        assert process.wait(20) == 0, log.read_text()


def emit(environment: Mapping[str, str], number: str) -> str:
    command = [sys.executable, str(EXAMPLE), number]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_another_system_emits_an_order_and_hears_that_it_is_paid(stack: Stack, tmp_path: Path) -> None:
    asyncio.run(create_topics(stack.kafka, topics(PREFIX)))
    brokers = {"KAFKA_BOOTSTRAP_SERVERS": stack.kafka, "MONGODB_URI": stack.mongo, "TOPIC_PREFIX": PREFIX}
    environment = {**os.environ, **brokers}
    with orders_service(environment, tmp_path / "orders.log"):
        assert emit(environment, "1001") == "OrderPlaced PAYMENT_WAITING\nOrderPaid PAYED\n"
        assert emit(environment, "1001") == "No answer: told before, or Sellerdesk is not running.\n"
        refused = emit({**environment, "STORE_CURRENCY": "USD"}, "1002")
    assert refused.startswith("CommandRejected ")
    assert refused.count("\n") == 1
