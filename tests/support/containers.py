"""The same settings as the embedded stack, in the public images (`TEST_STACK=docker`)."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath

from deploy.local import kafka, mongo
from deploy.local.ports import REPLICA_SET, Ports, free_ports, mongo_uri

os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")  # read at import
from testcontainers.core.container import DockerContainer

KAFKA_IMAGE, MONGO_IMAGE = "apache/kafka:4.3.0", "mongo:8.0"


@contextmanager
def containers() -> Iterator[tuple[str, str]]:
    """Bootstrap servers and MongoDB URI. Ports are the same inside and outside, so what is advertised is true."""
    ports = free_ports()
    with _kafka(ports), _mongo(ports["mongo"]):
        _wait("Kafka", lambda: kafka.answers(ports["kafka"]))
        _wait("MongoDB", lambda: mongo.is_primary(ports["mongo"]))
        yield f"127.0.0.1:{ports['kafka']}", mongo_uri(ports["mongo"])


def _kafka(ports: Ports) -> DockerContainer:
    settings = kafka.settings(PurePosixPath("/tmp/kafka"), ports)
    listeners = {"listeners": f"PLAINTEXT://0.0.0.0:{ports['kafka']},CONTROLLER://127.0.0.1:{ports['controller']}"}
    container = DockerContainer(KAFKA_IMAGE).with_bind_ports(ports["kafka"], ports["kafka"])
    for name, value in {**settings, **listeners}.items():
        container.with_env("KAFKA_" + name.upper().replace(".", "_"), str(value))
    return container


def _mongo(port: int) -> DockerContainer:
    command = ["--replSet", REPLICA_SET, "--port", str(port), "--wiredTigerCacheSizeGB", "0.5"]
    command += ["--setParameter", f"transactionLifetimeLimitSeconds={mongo.TRANSACTION_SECONDS}"]
    return DockerContainer(MONGO_IMAGE).with_bind_ports(port, port).with_command(command)


def _wait(name: str, ready: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{name} did not come up in its container within {seconds:.0f} s")
        time.sleep(0.1)
