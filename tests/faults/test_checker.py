"""The checker finds nothing wrong with a healthy shop, and each invariant finds what was planted against it."""

import json
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from services.inquiries.commands import WaitForOrder
from services.orders.commands import ConfirmOrder
from shared.contracts.envelope import Envelope
from shared.contracts.inquiries import OrderMoment
from shared.runtime.decision import Document
from shared.runtime.records import Record
from tests.faults.checker import INVARIANTS, check
from tests.faults.checking.in_memory import MemoryShop
from tests.faults.checking.layout import layout_of, the_services
from tests.faults.checking.report import Violation
from tests.faults.checking.snapshot import Acknowledged, Reading, Snapshot
from tests.faults.matrix.figures import standstill
from tests.faults.matrix.load import a_product, an_order, bought_and_sent_back
from tests.support.golden import golden
from tests.support.memory import T0, message_envelope

ORDER = golden("orders.OrderSubmitted.v1").subject
INQUIRY = golden("inquiries.InquirySubmitted.v1").subject


@cache
def a_sold_order() -> Snapshot:
    """Bought, paid, asked about, shipped, delivered and partly refunded."""
    services = the_services()
    shop = MemoryShop(services, layout_of(services))
    for submitted in both_products():
        shop.tell(submitted)
    for wire_type in ("orders.OrderSubmitted.v1", "orders.PaymentCaptured.v1", "inquiries.InquirySubmitted.v1"):
        shop.tell(golden(wire_type))
    today = golden("orders.ShipmentHandedOver.v1").time
    shop.do(WaitForOrder(inquiry_id=INQUIRY, moment=OrderMoment.SHIPPED), INQUIRY, "agent:front-desk", today)
    shop.do(ConfirmOrder(order_id=ORDER), ORDER, "seller:local", today)
    for name in ("ShipmentHandedOver", "ShipmentDelivered", "RefundSubmitted", "RefundPaid"):
        shop.tell(golden(f"orders.{name}.v1"))
    return shop.snapshot()


def both_products() -> Iterator[Envelope]:
    first = golden("catalog.ProductSubmitted.v1")
    yield first
    id = json.loads(golden("orders.OrderSubmitted.v1").data)["lines"][1]["product_id"]
    value = {**json.loads(first.data), "product_id": id, "options": [{"option_id": "default", "stock": 3}]}
    yield replace(first, id="another", subject=id, data=json.dumps(value).encode())


Break = Callable[[Snapshot], Snapshot]


def violated(broken: Snapshot) -> dict[str, list[Violation]]:
    return {finding.invariant: finding.violations for finding in check(broken).findings if finding.violations}


def test_a_healthy_shop_is_found_healthy_and_everything_is_compared() -> None:
    report = check(a_sold_order())
    assert report.ok, str(report)
    assert [finding.invariant for finding in report.findings] == list(INVARIANTS)
    assert all(finding.compared for finding in report.findings), str(report)


def test_what_cannot_be_judged_is_left_out() -> None:
    assert [finding.invariant for finding in check(a_sold_order(), only={"I3", "I5"}).findings] == ["I3", "I5"]


# -- planted violations ------------------------------------------------------------------------------------------------


def of_topic(name: str, change: Callable[[list[Record]], list[Record]]) -> Break:
    return lambda s: replace(s, topics={**s.topics, name: change(list(s.topics[name]))})


def of_store(service: str, collection: str, change: Callable[[list[Document]], object]) -> Break:
    def broken(snapshot: Snapshot) -> Snapshot:
        rows = deepcopy(list(snapshot.rows(service, collection)))
        change(rows)
        return replace(snapshot, stores={**snapshot.stores, service: {**snapshot.stores[service], collection: rows}})

    return broken


def adding(**fields: Any) -> Callable[[list[Document]], object]:
    return lambda rows: rows.append(fields)


def setting(path: str, value: Any) -> Callable[[list[Document]], object]:
    """In the first document, at a dotted path."""

    def change(rows: list[Document]) -> None:
        *parents, last = path.split(".")
        where: Any = rows[0]
        for part in parents:
            where = where[int(part) if isinstance(where, list | tuple) else part]
        where[last] = value

    return change


def of_fields(**fields: Any) -> Break:
    return lambda s: replace(s, **fields)


def reheaded(record: Record, **headers: bytes) -> Record:
    return record._replace(headers=list({**dict(record.headers), **headers}.items()))


def revalued(record: Record, old: bytes, new: bytes) -> Record:
    assert record.value and old in record.value
    return record._replace(value=record.value.replace(old, new))


def the_last(change: Callable[[Record], Record]) -> Callable[[list[Record]], list[Record]]:
    return lambda records: [*records[:-1], change(records[-1])]


A_PARKED = {
    "_id": "orders|orders.inbox/0/0",
    "group": "orders",
    "key": ORDER,
    "message_id": "m",
    "sentence": "no",
    "record": {"topic": "orders.inbox", "partition": 0, "offset": 0, "key": b"x", "value": b"x", "headers": []},
}
PLACE = ("orders", "orders.inbox", 0)
PLANTED: dict[str, tuple[str, Break]] = {
    "an acknowledged command without an event": ("I1", of_fields(acknowledged=[Acknowledged("orders", ORDER, "m")])),
    "a traced command without an event": ("I1", of_fields(acknowledged=[Acknowledged("orders", ORDER, "", "t")])),
    "an event without its document": ("I2", of_store("orders", "orders", list.clear)),
    "a document older than its event": ("I2", of_store("orders", "orders", setting("meta.sequence", 1))),
    "a document that differs from its event": ("I2", of_store("orders", "orders", setting("channel", "other"))),
    "a lost event": ("I3", of_topic("orders.events", lambda records: records[:-1])),
    "a gap": ("I3", of_topic("orders.events", lambda records: [records[0], *records[2:]])),
    "two events in the wrong order": ("I3", of_topic("orders.events", lambda r: [r[1], r[0], *r[2:]])),
    "a sequence told twice, differently": (
        "I3",
        of_topic("orders.events", lambda r: [*r, reheaded(r[0], ce_id=b"another")]),
    ),
    "a key in two partitions": ("I3", of_topic("orders.events", the_last(lambda r: r._replace(partition=1)))),
    "nothing told of a document": ("I3", of_topic("inquiries.events", lambda _: [])),
    "a ledger row missing": ("I4", of_store("analytics", "ledger", lambda rows: rows.pop())),
    "a ledger row of another amount": ("I4", of_store("analytics", "ledger", setting("net_amount", 7))),
    "a rollup a unit too high": ("I4", of_store("analytics", "rollups", setting("months.2026-11.units", 10**6))),
    "a record read by nobody": ("I5", of_topic("orders.inbox", lambda r: [*r, r[0]._replace(offset=99)])),
    "a record counted twice": ("I5", of_store("inquiries", "offsets", setting("counts.applied", 99))),
    "a partition never read": ("I5", of_store("analytics", "offsets", list.clear)),
    "a parked record that is another": ("I5", of_store("orders", "parked", adding(**A_PARKED))),
    "an old order card": ("I6", of_store("inquiries", "order_cards", setting("sequence", 1))),
    "an order card of another state": ("I6", of_store("inquiries", "order_cards", setting("order.channel", "x"))),
    "an old product card": ("I6", of_store("inquiries", "product_cards", setting("sequence", 0))),
    "a line missing in the timeline": ("I6", of_store("inquiries", "order_timeline", lambda rows: rows.pop())),
    "a ticket that sleeps on": ("I6", of_store("inquiries", "inquiries", setting("status", "WAITING_EVENT"))),
    "a reading that went back": (
        "I6",
        of_fields(readings=[Reading("r", "order", (0, 4)), Reading("r", "order", (1, 3))]),
    ),
    "a stored offset that went back": ("I7", of_fields(positions=[{PLACE: 99}])),
    "a stored offset beyond the log": ("I7", lambda s: replace(s, ends={**s.ends, PLACE[1:]: 1})),
    "a committed offset beyond the stored": ("I7", of_fields(committed={PLACE: 99})),
    "an order in an impossible state": (
        "I8",
        of_topic("orders.events", the_last(lambda r: revalued(r, b'"DELIVERING"', b'"RETURNED"'))),
    ),
    "a shelf that is not its movements": ("I8", of_store("catalog", "stock_movements", lambda rows: rows.pop())),
    "a reservation that is not its order's": (
        "I8",
        of_store("catalog", "reservations", setting("lines.0.reserved", 7)),
    ),
    "a reservation of no order": ("I8", of_topic("orders.events", lambda _: [])),
    "an event that is not of its schema": (
        "I9",
        of_topic("orders.events", the_last(lambda r: revalued(r, b"KRW", b"won"))),
    ),
    "a trace that breaks": (
        "I10",
        of_topic("catalog.events", lambda r: [reheaded(one, traceparent=b"00-0-0-01") for one in r]),
    ),
    "an open transaction": ("I11", of_fields(open_transactions=1)),
    "a leaked lease": (
        "I11",
        of_store("orders", "leases", adding(_id="relay", owner="x", until=T0 + timedelta(days=99999))),
    ),
    "an unsent event": ("I11", of_store("orders", "outbox", adding(_id="order/x/1"))),
    "a paused group": ("I11", of_store("orders", "pauses", adding(_id="orders"))),
    "a parked record nobody planted": ("I11", of_store("orders", "parked", adding(**A_PARKED))),
    "a held record nobody planted": ("I11", of_store("orders", "held", adding(**A_PARKED))),
}


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_violation_is_found_by_its_invariant(what: str) -> None:
    invariant, plant = PLANTED[what]
    found = violated(plant(a_sold_order()))
    assert invariant in found
    assert all(violation.key and violation.sentence for violation in found[invariant])


def test_what_the_run_planted_may_stay_parked() -> None:
    parked = of_store("orders", "parked", adding(**A_PARKED))(a_sold_order())
    assert "I11" not in violated(replace(parked, planted=frozenset({"m"})))


def test_a_market_in_which_all_of_an_order_is_sent_back_is_healthy_too() -> None:
    """What the load of the fault matrix tells about a return, applied without faults."""
    services = the_services()
    shop = MemoryShop(services, layout_of(services))
    order = an_order("ord_back", random.Random(7))
    products = [a_product(line.product_id) for line in order.lines]
    for n, message in enumerate((*products, order, *bought_and_sent_back(order))):
        shop.tell(message_envelope(message, time=T0 + timedelta(hours=n)))
    report = check(shop.snapshot())
    assert report.ok, str(report)


def test_a_standstill_is_the_longest_time_without_progress() -> None:
    samples = [(at, {("orders", "orders.inbox", 0): count}) for at, count in [(0, 0), (1, 5), (2, 5), (6, 9), (7, 9)]]
    assert standstill(samples, 0, 6, ["orders"]) == 5
    assert standstill(samples, 2, 7, ["orders"]) == 4
    assert standstill(samples, 3, 7, ["orders"]) == 3, "nobody could look between 2 and 6"
    assert standstill(samples, 0, 7, ["catalog"]) == 7
    assert standstill([], 0, 7, ["orders"]) is None
