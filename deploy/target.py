"""The store that is replayed into and asked: one that runs here, or whatever the environment names."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.failure import StackFailure
from deploy.local.options import running_directory
from deploy.local.ports import SERVICES
from deploy.local.state import StackState, read_state
from deploy.local.store import StoreName


@dataclass(frozen=True)
class Target:
    kafka: str
    urls: Mapping[str, str]
    topic_prefix: str = ""

    @classmethod
    def of(cls, state: StackState) -> "Target":
        urls = {name: state.url(name) for name in SERVICES}
        return cls(state.kafka, urls, os.environ.get("TOPIC_PREFIX", ""))

    @classmethod
    def from_environment(cls) -> "Target | None":
        """KAFKA_BOOTSTRAP_SERVERS with CATALOG_URL, ORDERS_URL, INQUIRIES_URL and ANALYTICS_URL."""
        urls = {name: os.environ.get(f"{name.upper()}_URL", "") for name in SERVICES}
        if not any(urls.values()):
            return None
        wanted = {"KAFKA_BOOTSTRAP_SERVERS": os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "")}
        wanted |= {f"{name.upper()}_URL": url for name, url in urls.items()}
        if missing := [name for name, value in wanted.items() if not value]:
            raise StackFailure(f"The environment names a store but not all of it: {', '.join(missing)} is missing.")
        return cls(wanted["KAFKA_BOOTSTRAP_SERVERS"], urls, os.environ.get("TOPIC_PREFIX", ""))


def target(store: StoreName | None, data: Path | None) -> Target:
    if given := Target.from_environment():
        return given
    directory = running_directory(store, data)
    state = read_state(directory)
    if state is None or not state.runs() or state.phase != "ready":
        raise StackFailure(f"Nothing runs in {directory}. `sellerdesk up` starts it.")
    return Target.of(state)
