"""What the inquiries service does about each message."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.inquiries.commands import (
    AmendInquiry,
    AssignInquiry,
    EraseInquiry,
    PostMessage,
    ReopenInquiry,
    ResolveInquiry,
    WaitForOrder,
)
from services.inquiries.domain import erasing
from services.inquiries.domain.conversation import customer_wrote, post
from services.inquiries.domain.handling import amend, assign, reopen, resolve
from services.inquiries.domain.opening import open_inquiry
from services.inquiries.domain.product_card import show_product
from services.inquiries.domain.timeline import timeline_line
from services.inquiries.order_news import order_told, tickets_to_wake
from services.inquiries.repository import INQUIRY, ORDER_CARD, PRODUCT_CARD
from services.inquiries.waiting import card_of_ticket, wait_for_order
from shared.contracts import catalog, orders
from shared.contracts.inbox_inquiries import CustomerMessageReceived, InquirySubmitted
from shared.runtime.decision import Context, Decision, Documents, Ref
from shared.runtime.handlers import Handlers
from shared.runtime.personal import ERASED, ErasePerson, forget


def its_customer(message: InquirySubmitted, _docs: Documents) -> Iterable[Ref]:
    return () if message.customer_id is None else (ERASED.ref(message.customer_id),)


def submitted(docs: Documents, message: InquirySubmitted, ctx: Context) -> Mapping[Ref, Decision[Any]]:
    """Of a customer who was erased nothing comes back."""
    known = docs.get(INQUIRY, ctx.subject)
    opened = open_inquiry(known, message, ctx)
    erased = docs.get(ERASED, message.customer_id) if message.customer_id else None
    return {INQUIRY.ref(ctx.subject): opened if known else erasing.late(opened, erased, ctx)}


TOPICS = ["inquiries.inbox", "orders.events", "catalog.events"]
TABLE = Handlers("inquiries", topics=TOPICS, personal=erasing.PERSONAL)

TABLE.on(InquirySubmitted, INQUIRY, several=submitted, refs=its_customer)
TABLE.on(CustomerMessageReceived, INQUIRY, decide=customer_wrote)

TABLE.on(PostMessage, INQUIRY, decide=post)
TABLE.on(AmendInquiry, INQUIRY, decide=amend, edit=True)
TABLE.on(AssignInquiry, INQUIRY, decide=assign)
TABLE.on(ResolveInquiry, INQUIRY, decide=resolve)
TABLE.on(ReopenInquiry, INQUIRY, decide=reopen)
TABLE.on(WaitForOrder, INQUIRY, several=wait_for_order, refs=card_of_ticket)

TABLE.on(EraseInquiry, INQUIRY, decide=erasing.erase)
TABLE.on(ErasePerson, ERASED, create=forget)

for order_event in orders.EVENTS:
    TABLE.on(order_event, ORDER_CARD, several=order_told, refs=tickets_to_wake, append=timeline_line)

for product_event in catalog.EVENTS:
    if issubclass(product_event, catalog.ProductEvent):
        TABLE.on(product_event, PRODUCT_CARD, project=show_product)
