"""F16 to F18: records that come again, too early, out of order, or are no messages at all."""

import asyncio
import random
from collections.abc import Coroutine, Iterable
from typing import Any

from aiokafka import ConsumerRecord

from shared.contracts.envelope import Headers, encode
from shared.contracts.inbox_orders import OrderSubmitted, PaymentCaptured, ShipmentHandedOver
from tests.faults.matrix.fault import Fault, Run
from tests.faults.matrix.load import a_parcel, an_arrival, an_order, payment_of, won
from tests.support.eventually import eventually
from tests.support.kafka import log_of

REPEATED = ("orders.events", "catalog.events", "inquiries.inbox", "orders.inbox")


async def everything_again(run: Run) -> None:
    """Old records behind the newest: each once more, some nine times more, then some backwards and with gaps."""
    records, _ = await log_of(run.shop.stack.kafka, [run.shop.prefix + topic for topic in REPEATED])
    again = [record for record in records for _ in range(run.chance.choice((1, 1, 1, 9)))]
    run.chance.shuffle(again)
    await resend(run, again)
    await resend(run, [record for record in reversed(records) if run.chance.random() < 0.5])
    await run.progress(records=100)
    run.prove("duplicates dropped", await duplicates(run))


async def resend(run: Run, records: list[ConsumerRecord]) -> None:
    run.prove("records sent again", len(records))
    for record in records:
        topic = record.topic.removeprefix(run.shop.prefix)
        await run.shop.send_record(topic, record.key, record.value, list(record.headers), record.partition)


async def duplicates(run: Run) -> int:
    rows = [row for service in run.shop.running for row in run.shop.database(service)["offsets"].find()]
    return sum(row.get("counts", {}).get("duplicates", 0) for row in rows)


async def too_early(run: Run) -> None:
    """Payments meet their orders, and arrivals their parcels: one comes over Kafka while the other comes over HTTP."""
    orders = [an_order(f"ord_race-{n}", random.Random(n)) for n in range(RACES)]
    await in_waves(_placed_and_paid(run, order) for order in orders)
    await in_waves(_reserved(run, order.order_id) for order in orders)
    await in_waves(_shipped_and_arrived(run, order.order_id) for order in orders)
    held = [row.get("counts", {}).get("held", 0) for row in run.shop.database("orders")["offsets"].find()]
    run.prove("held, because they came too early", sum(held))


RACES, WAVE = 120, 15


async def in_waves(moments: Iterable[Coroutine[Any, Any, None]]) -> None:
    waiting = list(moments)
    for start in range(0, len(waiting), WAVE):
        await asyncio.gather(*waiting[start : start + WAVE])


async def _placed_and_paid(run: Run, order: OrderSubmitted) -> None:
    placing = run.load.do("orders", "/orders", order.model_dump(mode="json"), order.order_id)
    await asyncio.gather(placing, run.load.tell(payment_of(order)))


async def _reserved(run: Run, id: str) -> None:
    async def is_reserved() -> bool:
        order = run.shop.database("orders")["orders"].find_one({"_id": id})
        return bool(order and order["stock"] == "RESERVED" and order["paid_at"])

    await eventually(is_reserved, within=60)


async def _shipped_and_arrived(run: Run, id: str) -> None:
    """The last that happens to the order: what then waits without need waits for ever."""
    parcel = {"shipment_id": f"shp_{id}", "carrier": "CJ", "tracking_no": id}
    await asyncio.gather(_told_later(run, id), run.load.do("orders", f"/orders/{id}/shipments", parcel, id))


async def _told_later(run: Run, id: str) -> None:
    await asyncio.sleep(run.chance.uniform(0, 0.03))
    await run.load.tell(an_arrival(id))


POISON: dict[str, dict[str, bytes | None]] = {
    "no JSON": {"value": b'{"amount": '},
    "no UTF-8 in the value": {"value": b'{"order_id": "\xff\xfe"}'},
    "a tower of brackets": {"value": b"[" * 100_000},
    "a list": {"value": b"[]"},
    "an empty value": {"value": b""},
    "no value": {"value": None},
    "2 MB": {"value": b'{"memo": "' + b"x" * 2_000_000 + b'"}'},
    "no key": {"key": None},
    "a key that differs": {"key": b"ord_other"},
    "no UTF-8 in the key": {"key": b"\xff\xfe"},
    "no UTF-8 in a header": {"ce_source": b"\xff\xfe"},
    **{f"no {name}": {name: None} for name in ("ce_id", "ce_source", "ce_type", "ce_time", "ce_subject")},
    "another CloudEvents": {"ce_specversion": b"0.3"},
    "an unknown version": {"ce_type": b"orders.PaymentCaptured.v9"},
    "an unknown type": {"ce_type": b"orders.Robbed.v1"},
    "a time without a zone": {"ce_time": b"2026-03-02T01:00:00"},
}
"""A payment, spoiled: its key, value or a header changed; None leaves it out."""


async def poison(run: Run) -> None:
    """Each kind on every inbox, between records that can be applied; and what is forbidden."""
    payment = PaymentCaptured(order_id="ord_poison", payment_id="pay_poison", amount=won(1))
    for topic in ("orders.inbox", "inquiries.inbox", "catalog.inbox"):
        for change in POISON.values():
            key, value, headers = encode(run.load.envelope(payment))
            changed = {**dict(headers), **change}
            spoiled = [(name, raw) for name, raw in changed.items() if raw is not None and name not in ("key", "value")]
            await _plant(run, topic, change.get("key", key), change.get("value", value), spoiled)
    await _forbidden(run)
    planted = len(run.shop.observed.planted)

    async def all_are_parked() -> bool:
        return sum(run.shop.count(service, "parked") for service in run.shop.running) >= planted

    await eventually(all_are_parked, within=60)
    run.prove("poison sent and parked", planted)
    await eventually(lambda: _told_back(run, planted), within=30)
    run.prove("told back to their senders", await _told_back(run, planted))


async def _told_back(run: Run, count: int) -> int:
    """So many, or none as long as some are missing."""
    records, _ = await log_of(run.shop.stack.kafka, [f"{run.shop.prefix}{name}.rejected" for name in REFUSING])
    return len(records) if len(records) >= count else 0


REFUSING = ("orders", "inquiries", "catalog")


async def _plant(run: Run, topic: str, key: bytes | None, value: bytes | None, headers: Headers) -> None:
    sent = await run.shop.send_record(topic, key, value, headers, 0)
    run.shop.observed.planted.add(f"{topic}/{sent.partition}/{sent.offset}")


async def _forbidden(run: Run) -> None:
    """A parcel of an order that everything of was shipped: never legal from there."""
    order = an_order("ord_forbidden", run.chance)
    await run.load.tell(order, payment_of(order), a_parcel(order.order_id))
    second = ShipmentHandedOver(order_id=order.order_id, shipment_id="shp_more", carrier="CJ", tracking_no="1")
    envelope = run.load.envelope(second)
    run.shop.observed.planted.add(envelope.id)
    await run.shop.send("orders.inbox", [envelope])


FAULTS = [
    Fault("F16", "every record again, some ten times, backwards and with gaps", everything_again, fast=True),
    Fault("F17", "messages before what they need, and tickets before, after and without their order", too_early),
    Fault("F18", "poison of each kind on every inbox", poison),
]
