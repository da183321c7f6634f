"""The story of one order and its ticket, as the README tells it: four services in memory, their events passed on."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from services.analytics.projections import LEDGER
from services.analytics.repository import ORDER_FACTS
from services.catalog.repository import PRODUCT
from services.inquiries.commands import PostMessage, ResolveInquiry, WaitForOrder
from services.inquiries.repository import INQUIRY
from services.orders.commands import ConfirmOrder
from shared.contracts.base import Message
from shared.contracts.envelope import Envelope, decode
from shared.contracts.inquiries import InquiryStatus, OrderMoment
from tests.support.golden import golden
from tests.support.memory import MemoryRuntime

README = Path(__file__).parents[2] / "README.md"
ROW = re.compile(r"^\| [^|]+ \| [^|]+ \| ([^|]+) \| `services/", re.MULTILINE)
AGENT = "agent:front-desk"


class Shop:
    def __init__(self) -> None:
        self.services = {name: self._start(name) for name in ("catalog", "orders", "inquiries", "analytics")}
        self.told: list[str] = []
        """Names of all events, in the order they were published."""

    def _start(self, name: str) -> MemoryRuntime:
        settings = import_module(f"services.{name}.settings").Settings()
        service = import_module(f"services.{name}.app").build(settings)
        return MemoryRuntime(name, service.tables[0], service.kinds, settings)

    def hear(self, wire_type: str) -> None:
        """The golden message arrives at its inbox."""
        self.send(golden(wire_type))

    def send(self, envelope: Envelope) -> None:
        self.services[envelope.type.partition(".")[0]].deliver(envelope)
        self._pass_on()

    def do(self, message: Message, subject: str, actor: str) -> None:
        self.services[message.service].command(message, subject, actor, at=golden("orders.ShipmentHandedOver.v1").time)
        self._pass_on()

    def _pass_on(self) -> None:
        while news := [record for service in self.services.values() for record in self._taken(service)]:
            for topic, envelope in news:
                self.told.append(envelope.type.split(".")[1])
                for reader in self.services.values():
                    if topic in reader.group.table.topics:
                        reader.deliver(envelope, topic=topic)

    def _taken(self, service: MemoryRuntime) -> Iterator[tuple[str, Envelope]]:
        records, service.records = service.records, []
        return ((record.topic, decode(record.key, record.value, record.headers)) for record in records)


def both_products() -> Iterator[Envelope]:
    first = golden("catalog.ProductSubmitted.v1")
    yield first
    order = json.loads(golden("orders.OrderSubmitted.v1").data)
    id = order["lines"][1]["product_id"]
    value = {**json.loads(first.data), "product_id": id, "options": [{"option_id": "default", "stock": 3}]}
    yield replace(first, id="another", subject=id, data=json.dumps(value).encode())


def told_by_the_readme() -> list[str]:
    rows = ROW.findall(README.read_text(encoding="utf-8"))
    return [name for row in rows for name in row.replace("–", "").replace(",", " ").split()]


def test_the_story_of_the_readme_happens() -> None:
    shop = Shop()
    order_id, inquiry_id = golden("orders.OrderSubmitted.v1").subject, golden("inquiries.InquirySubmitted.v1").subject
    for submitted in both_products():
        shop.send(submitted)
    shop.told.clear()
    shop.hear("orders.OrderSubmitted.v1")
    shop.hear("orders.PaymentCaptured.v1")
    shop.hear("inquiries.InquirySubmitted.v1")
    shop.do(WaitForOrder(inquiry_id=inquiry_id, moment=OrderMoment.SHIPPED), inquiry_id, AGENT)
    shop.do(ConfirmOrder(order_id=order_id), order_id, "seller:local")
    shop.hear("orders.ShipmentHandedOver.v1")
    shop.do(PostMessage(inquiry_id=inquiry_id, text="It left today."), inquiry_id, AGENT)
    shop.do(ResolveInquiry(inquiry_id=inquiry_id), inquiry_id, AGENT)
    shop.hear("orders.ShipmentDelivered.v1")
    shop.hear("orders.RefundSubmitted.v1")
    shop.hear("orders.RefundPaid.v1")

    readme = told_by_the_readme()
    assert len(readme) > 10
    assert sorted(readme, key=shop.told.index) == readme
    assert set(shop.told) == set(readme)

    ticket = shop.services["inquiries"].state(INQUIRY, inquiry_id)
    assert ticket is not None
    assert ticket.status is InquiryStatus.RESOLVED
    facts = shop.services["analytics"].state(ORDER_FACTS, order_id)
    assert facts is not None
    assert facts.sale
    assert len(facts.refunds) == 1
    rows = shop.services["analytics"].rows[LEDGER].values()
    [gross, discounts] = (sum(row[name] for row in rows) for name in ("list_amount", "discount_amount"))
    products, coupon, hat_made_good = 10_000, 4_000, 5_000
    assert (gross, discounts) == (177_000 + 32_000, products + coupon)
    assert sum(row["net_amount"] for row in rows) == gross - discounts - hat_made_good
    shelf = shop.services["catalog"].state(PRODUCT, golden("catalog.ProductSubmitted.v1").subject)
    assert shelf is not None
    brought, bought, shipped = 12, 3, 2
    assert (shelf.options[0].on_hand, shelf.options[0].reserved) == (brought - shipped, bought - shipped)
    assert all(service.parked == [] for service in shop.services.values())


def test_every_file_that_the_readme_names_is_there() -> None:
    root, text = README.parent, README.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    files = re.findall(r"`((?:services|shared|deploy|docs|tests)/[\w/.-]+)`", text)
    assert len(links) + len(files) > 20
    assert [name for name in (*links, *files) if not (root / name).exists()] == []
