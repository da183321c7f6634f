"""What the four services are made of, as the checker needs to know it."""

from collections.abc import Iterable, Mapping
from importlib import import_module

from deploy.local.ports import SERVICES
from shared.contracts.base import Message
from shared.contracts.registry import EVENTS
from shared.runtime.service import Service
from tests.faults.checking.snapshot import Layout


def the_services() -> Mapping[str, Service]:
    return {name: _build(name) for name in SERVICES}


def layout_of(services: Mapping[str, Service], events: Iterable[type[Message]] = EVENTS) -> Layout:
    return Layout(
        tables={name: service.tables for name, service in services.items()},
        kinds={name: service.kinds for name, service in services.items()},
        models={event.wire_type(): event for event in events},
    )


def _build(name: str) -> Service:
    settings = import_module(f"services.{name}.settings").Settings()
    service: Service = import_module(f"services.{name}.app").build(settings)
    return service
