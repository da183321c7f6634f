"""One compose project of our own: everything in it bears its name, and nothing without it is touched."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.compose.engine import docker
from deploy.local.ports import SERVICES
from deploy.target import Target

ROOT = Path(__file__).parents[2]
SINGLE = ("docker-compose.yml",)
CLUSTER = (*SINGLE, "docker-compose.cluster.yml")
UP_SECONDS = "600"


@dataclass(frozen=True)
class Project:
    name: str
    files: tuple[str, ...]
    environment: Mapping[str, str]

    @property
    def target(self) -> Target:
        gateway = f"http://127.0.0.1:{self.environment['GATEWAY_PORT']}"
        brokers = ("KAFKA_PORT", "KAFKA_PORT_2", "KAFKA_PORT_3") if self.files == CLUSTER else ("KAFKA_PORT",)
        kafka = ",".join(f"127.0.0.1:{self.environment[port]}" for port in brokers)
        return Target(kafka, {name: f"{gateway}/{name}" for name in SERVICES})

    async def compose(self, *arguments: str) -> str:
        named = (word for file in self.files for word in ("-f", str(ROOT / file)))
        return await docker(
            "compose", "--project-directory", str(ROOT), "-p", self.name, *named, *arguments,
            environment=self.environment,
        )  # fmt: skip

    async def up(self, **replicas: int) -> None:
        """Returns when every container is healthy; a service that is not named has one."""
        scale = (word for name in SERVICES for word in ("--scale", f"{name}={replicas.get(name, 1)}"))
        await self.compose("up", "--no-build", "--no-recreate", "--wait", "--wait-timeout", UP_SECONDS, *scale)

    async def down(self) -> None:
        await self.compose("down", "--volumes", "--remove-orphans", "--rmi", "local", "--timeout", "30")

    async def image_sizes(self) -> dict[str, int]:
        """Megabytes, by service."""
        sizes = {}
        for name in SERVICES:
            size = await docker("image", "inspect", "--format", "{{.Size}}", f"{self.name}-{name}")
            sizes[name] = int(size) // 1_000_000
        return sizes

    async def memory(self) -> dict[str, str]:
        """What each container uses now."""
        names = (await self.compose("ps", "--format", "{{.Name}}")).split()
        lines = (await docker("stats", "--no-stream", "--format", "{{json .}}", *names)).splitlines()
        rows = [json.loads(line) for line in lines]
        return {row["Name"].removeprefix(f"{self.name}-"): row["MemUsage"].split(" /")[0] for row in rows}

    async def shares(self) -> dict[str, list[int]]:
        """Partitions of each member, by consumer group, as Kafka has assigned them."""
        tool = "/opt/kafka/bin/kafka-consumer-groups.sh --bootstrap-server kafka:9092 --describe --all-groups --members"
        table = await self.compose("exec", "-T", "-e", "KAFKA_HEAP_OPTS=-Xmx128m", "kafka", *tool.split())
        shares: dict[str, list[int]] = {}
        for row in map(str.split, table.splitlines()):
            if row and row[-1].isdecimal():
                shares.setdefault(row[0], []).append(int(row[-1]))
        return shares

    async def health(self, service: str) -> str:
        return (await self.compose("ps", "--format", "{{.Health}}", service)).strip()

    async def primary(self, ask: str = "mongo") -> str:
        """The service whose mongod is the primary of the set."""
        found = await self.compose("exec", "-T", ask, "mongosh", "--quiet", "--eval", "db.hello().primary")
        return found.strip().partition(":")[0]
