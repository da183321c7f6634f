"""Real Kafka and MongoDB that a fault may hit: the embedded stack, killed and restarted like any process."""

import asyncio
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pymongo import MongoClient

from deploy.local.brokers import EmbeddedStack
from deploy.local.keeper import Child
from shared.runtime.decision import Document
from tests.support.kafka import eventually
from tests.support.stack import Stack

TRANSACTION_SECONDS = 5
"""MongoDB soon ends what a killed process left open."""


class Brokers(EmbeddedStack):
    """With MongoDB's own test commands, such as failCommand."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        mongo, kafka = self._parts
        options = ("--setParameter", "enableTestCommands=1")
        self._parts = [replace(mongo, command=[*mongo.command, *options]), kafka]

    @property
    def stack(self) -> Stack:
        return Stack(self.kafka, self.mongo)

    def send(self, name: str, sign: signal.Signals) -> None:
        self._child(name).process.send_signal(sign)

    async def ends(self, name: str) -> None:
        await asyncio.to_thread(self._child(name).process.wait, 30)

    async def restart(self, name: str) -> None:
        """Start again what has ended; returns when it is ready."""
        self.keeper._relaunch(self._child(name))
        await eventually(lambda: asyncio.to_thread(self._child(name).part.ready), within=60)
        if name == "mongo":
            limit_transactions(self.mongo)

    def _child(self, name: str) -> Child:
        return self.keeper.children[name]


def limit_transactions(uri: str) -> None:
    with MongoClient[Document](uri) as client:
        client.admin.command("setParameter", 1, transactionLifetimeLimitSeconds=TRANSACTION_SECONDS)


@contextmanager
def brokers() -> Iterator[Brokers]:
    directory = Path(tempfile.mkdtemp(prefix="sellerdesk-faults-"))
    try:
        with Brokers(directory) as running:
            limit_transactions(running.mongo)
            yield running
    finally:
        shutil.rmtree(directory, ignore_errors=True)
