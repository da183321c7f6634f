import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from deploy.local.ports import BROKERS, SERVICES, Ports, mongo_uri
from deploy.local.store import Store


class Plan(BaseModel):
    model_config = ConfigDict(frozen=True)

    directory: Path
    store: Store
    ports: Ports
    brokers: tuple[str, str] | None = None
    """Bootstrap servers and MongoDB URI of a Kafka and a MongoDB that others run; else they are parts of the stack."""
    services: Mapping[str, Sequence[str]]

    @property
    def kafka(self) -> str:
        return self.brokers[0] if self.brokers else f"127.0.0.1:{self.ports['kafka']}"

    @property
    def mongo(self) -> str:
        return self.brokers[1] if self.brokers else mongo_uri(self.ports["mongo"])

    @property
    def own_ports(self) -> Ports:
        return {name: port for name, port in self.ports.items() if not (self.brokers and name in BROKERS)}


def service_commands() -> dict[str, Sequence[str]]:
    return {name: (sys.executable, "-m", f"services.{name}.app") for name in SERVICES}
