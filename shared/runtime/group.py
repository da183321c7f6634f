"""A consumer group of a service: what stays the same over all its batches. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.runtime.decision import Kind, Ref
from shared.runtime.handlers import Handlers
from shared.runtime.settings import ServiceSettings


@dataclass(frozen=True)
class Group:
    service: str
    table: Handlers
    kinds: Mapping[str, Kind[Any]]
    settings: ServiceSettings

    @property
    def name(self) -> str:
        """As rows of the database say it."""
        return self.table.group

    @property
    def name_in_kafka(self) -> str:
        return self.settings.topic_prefix + self.table.group

    def ref(self, kind: str, id: str) -> Ref:
        return self.kinds[kind].ref(id)
