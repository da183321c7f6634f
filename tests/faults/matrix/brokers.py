"""Real Kafka and MongoDB that a fault may hit: the embedded stack, killed and restarted like any process."""

import asyncio
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
from pymongo import MongoClient

from deploy.local.brokers import EmbeddedStack
from deploy.local.kafka import settings
from deploy.local.keeper import Child
from deploy.local.part import Part
from deploy.local.ports import Ports
from shared.runtime.decision import Document
from tests.support.eventually import eventually
from tests.support.processes import free_port
from tests.support.proxy import Proxy
from tests.support.stack import Stack

LISTENERS = ("PLAINTEXT", "CONTROLLER", "DETOUR")
TRANSACTION_SECONDS = 5
"""MongoDB soon ends what a killed process left open."""


class Brokers(EmbeddedStack):
    """With MongoDB's own test commands, such as failCommand, and a second way to Kafka that faults can spoil."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        mongo, kafka = self._parts
        options = ("--setParameter", "enableTestCommands=1")
        target = f"127.0.0.1:{free_port()}"
        self.detour = Proxy(target)
        """Whoever begins here stays on it: Kafka names it to them as its own address."""
        self._parts = [
            replace(mongo, command=[*mongo.command, *options]),
            _with_detour(kafka, directory / "kafka", self.ports, target, self.detour.address),
        ]

    @property
    def stack(self) -> Stack:
        return Stack(self.kafka, self.mongo)

    def send(self, name: str, sign: signal.Signals) -> None:
        self._child(name).process.send_signal(sign)

    def forbid_growth(self, name: str) -> None:
        """As a full disk does, no write of it makes a file longer; it begins again without the limit."""
        process = psutil.Process(self._child(name).process.pid)
        _, hard = process.rlimit(psutil.RLIMIT_FSIZE)
        process.rlimit(psutil.RLIMIT_FSIZE, (0, hard))

    async def ends(self, name: str) -> int:
        return await asyncio.to_thread(self._child(name).process.wait, 30)

    async def restart(self, name: str) -> None:
        """Start again what has ended; returns when it is ready."""
        self.keeper._relaunch(self._child(name))
        await eventually(lambda: asyncio.to_thread(self._child(name).part.ready), within=60)
        if name == "mongo":
            limit_transactions(self.mongo)

    def _child(self, name: str) -> Child:
        return self.keeper.children[name]


def _with_detour(kafka: Part, directory: Path, ports: Ports, target: str, advertised: str) -> Part:
    usual = settings(directory, ports)
    more = {
        "listeners": f"{usual['listeners']},DETOUR://{target}",
        "advertised.listeners": f"{usual['advertised.listeners']},DETOUR://{advertised}",
        "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in LISTENERS),
    }

    def prepare() -> None:
        kafka.prepare()
        with (directory / "server.properties").open("a") as properties:
            properties.writelines(f"{name}={value}\n" for name, value in more.items())

    return replace(kafka, prepare=prepare)


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
