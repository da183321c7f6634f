"""Real Kafka and MongoDB for tests: given by environment, in containers, or the embedded stack."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.brokers import EmbeddedStack
from deploy.local.state import end_orphans, read_state


@dataclass(frozen=True)
class Stack:
    kafka: str
    """Bootstrap servers."""
    mongo: str
    """URI of a replica set."""


@contextmanager
def real_stack() -> Iterator[Stack]:
    match os.environ:
        case {"KAFKA_BOOTSTRAP_SERVERS": kafka, "MONGODB_URI": mongo}:
            yield Stack(kafka, mongo)
        case {"TEST_STACK": "docker"}:
            from tests.support.containers import containers  # noqa: PLC0415 (testcontainers looks for an engine)

            with containers() as (kafka, mongo):
                yield Stack(kafka, mongo)
        case _:
            with embedded() as stack:
                yield Stack(stack.kafka, stack.mongo)


@contextmanager
def embedded() -> Iterator[EmbeddedStack]:
    shelf = Path(tempfile.gettempdir()) / f"sellerdesk-tests-{os.getuid()}"
    _sweep(shelf)
    shelf.mkdir(mode=0o700, exist_ok=True)
    directory = Path(tempfile.mkdtemp(dir=shelf))
    try:
        with EmbeddedStack(directory) as stack:
            yield stack
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _sweep(shelf: Path) -> None:
    """What test runs that were killed left behind."""
    for directory in shelf.glob("*"):
        if (state := read_state(directory)) and not state.runs():
            end_orphans(directory)
            shutil.rmtree(directory, ignore_errors=True)
