"""The orders service as its next version might be: `python -m tests.faults.matrix.next_version`.

A payment is first said to be verified, by an event of a type that nobody else knows yet; OrderPaid has a new field,
and so have the documents.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from services.orders.app import build
from services.orders.handlers import TABLE
from services.orders.repository import ORDER
from services.orders.settings import Settings
from shared.contracts import orders
from shared.contracts.inbox_orders import PaymentCaptured
from shared.runtime.decision import Announcement, Context, Decision, Document, Documents, Ref
from shared.runtime.service import run


class PaymentVerified(orders.OrderEvent):
    pass


class OrderPaid(orders.OrderPaid):
    installments: int = 1


def upgrade() -> None:
    wire_type = PaymentCaptured.wire_type()
    today, dump = TABLE.by_type[wire_type], ORDER.dump

    def answer(docs: Documents, message: PaymentCaptured, ctx: Context) -> Mapping[Ref, Decision[Any]]:
        decisions = today.answer(docs, message, ctx)
        return {ref: replace(decision, events=[*_told(decision)]) for ref, decision in decisions.items()}

    def dump_with_more(order: Any) -> Document:
        return {**dump(order), "risk": "LOW"}

    TABLE.by_type[wire_type] = replace(today, answer=answer)
    object.__setattr__(ORDER, "dump", dump_with_more)


def _told(decision: Decision[Any]) -> Iterator[Announcement]:
    for event in decision.events:
        if isinstance(event, partial) and event.func is orders.OrderPaid:
            yield PaymentVerified
            yield partial(OrderPaid, **event.keywords)
        else:
            yield event


if __name__ == "__main__":
    upgrade()
    run(build, Settings)
