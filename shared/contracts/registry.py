"""Every type on the wire, by its name: which topic carries it and which model reads it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.contracts import catalog, inbox_catalog, inbox_inquiries, inbox_orders, inquiries, orders
from shared.contracts.base import Contract, Message
from shared.contracts.rejected import CommandRejected

EVENTS: Sequence[type[Message]] = (*catalog.EVENTS, *orders.EVENTS, *inquiries.EVENTS)
INBOX: Sequence[type[Message]] = (*inbox_catalog.MESSAGES, *inbox_orders.MESSAGES, *inbox_inquiries.MESSAGES)
REFUSING = ("catalog", "orders", "inquiries")


@dataclass(frozen=True)
class WireType:
    name: str
    """Such as `orders.OrderShipped.v1`: the header `ce_type`, and the name of its schema and example files."""
    topic: str
    model: type[Contract]

    @property
    def is_event(self) -> bool:
        return self.topic.endswith(".events")


def _wire_types() -> Iterator[WireType]:
    for event in EVENTS:
        yield WireType(event.wire_type(), f"{event.service}.events", event)
    for message in INBOX:
        yield WireType(message.wire_type(), f"{message.service}.inbox", message)
    for service in REFUSING:
        yield WireType(f"{service}.CommandRejected.v1", f"{service}.rejected", CommandRejected)


WIRE_TYPES: Mapping[str, WireType] = {wire_type.name: wire_type for wire_type in _wire_types()}
