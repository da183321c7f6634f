"""The state of a running stack: the processes as the system sees them, the rest as each service tells it."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psutil
from pydantic import BaseModel

from deploy.local.ports import BROKERS
from deploy.local.state import PartState, StackState
from deploy.target import Target


class ProcessStatus(BaseModel):
    name: str
    url: str
    state: str
    pid: int
    uptime_seconds: float
    restarts: int
    rss_bytes: int


class ConsumerStatus(BaseModel):
    group: str
    topic: str
    partition: int
    next: int
    end: int | None
    lag: int | None
    """None while Kafka does not say where its log ends."""


class OutboxStatus(BaseModel):
    rows: int
    oldest_seconds: float


class ServiceStatus(BaseModel):
    """The answer of GET /ops/status."""

    service: str
    consumers: list[ConsumerStatus]
    outbox: OutboxStatus
    held: int
    parked: int


class Status(BaseModel):
    store: str
    phase: str
    kafka: str
    mongo: str
    processes: list[ProcessStatus]
    services: list[ServiceStatus]
    silent: list[str]
    """Services that did not answer."""


def status_of(stack: StackState) -> Status:
    urls = {part.name: part.url for part in stack.parts if part.name not in BROKERS}
    processes = [_process(part) for part in stack.parts]
    return _status(
        urls, store=stack.store, phase=stack.phase, kafka=stack.kafka, mongo=stack.mongo, processes=processes
    )


def status_at(target: Target) -> Status:
    """Of services that run elsewhere: whoever started them knows of their processes and of MongoDB."""
    return _status(target.urls, store="elsewhere", phase="", kafka=target.kafka, mongo="", processes=[])


def _status(urls: Mapping[str, str], **about: Any) -> Status:
    with ThreadPoolExecutor(8) as pool:
        answers = dict(zip(urls, pool.map(ask, urls.values()), strict=True))
    return Status(
        services=[answer for answer in answers.values() if answer],
        silent=[name for name, answer in answers.items() if answer is None],
        **about,
    )


def ask(url: str) -> ServiceStatus | None:
    try:
        return ServiceStatus.model_validate_json(httpx.get(f"{url}/ops/status", timeout=5).content)
    except (httpx.HTTPError, ValueError):
        return None


def _process(part: PartState) -> ProcessStatus:
    process = part.identity.process()
    state = "starting" if not part.ready else "running"
    return ProcessStatus(
        name=part.name,
        url=part.url,
        state=state if process else f"exited ({part.exit_code})",
        pid=part.identity.pid,
        uptime_seconds=time.time() - part.identity.born if process else 0,
        restarts=part.restarts,
        rss_bytes=_rss(process),
    )


def _rss(process: psutil.Process | None) -> int:
    try:
        return process.memory_info().rss if process else 0
    except psutil.NoSuchProcess:
        return 0
