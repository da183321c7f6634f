"""What the inquiries service does about each message."""

from services.inquiries.commands import (
    AmendInquiry,
    AssignInquiry,
    PostMessage,
    ReopenInquiry,
    ResolveInquiry,
    WaitForOrder,
)
from services.inquiries.domain.conversation import customer_wrote, post
from services.inquiries.domain.handling import amend, assign, reopen, resolve
from services.inquiries.domain.opening import open_inquiry
from services.inquiries.domain.product_card import show_product
from services.inquiries.domain.timeline import timeline_line
from services.inquiries.repository import inquiry, order_card, product_card
from services.inquiries.waiting import card_of_ticket, order_told, tickets_to_wake, wait_for_order
from shared.contracts import catalog, orders
from shared.contracts.inbox_inquiries import CustomerMessageReceived, InquirySubmitted
from shared.runtime.handlers import Handlers

TABLE = Handlers("inquiries", topics=["inquiries.inbox", "orders.events", "catalog.events"])

TABLE.on(InquirySubmitted, inquiry, create=open_inquiry)
TABLE.on(CustomerMessageReceived, inquiry, decide=customer_wrote)

TABLE.on(PostMessage, inquiry, decide=post)
TABLE.on(AmendInquiry, inquiry, decide=amend, edit=True)
TABLE.on(AssignInquiry, inquiry, decide=assign)
TABLE.on(ResolveInquiry, inquiry, decide=resolve)
TABLE.on(ReopenInquiry, inquiry, decide=reopen)
TABLE.on(WaitForOrder, inquiry, several=wait_for_order, refs=card_of_ticket)

for order_event in orders.EVENTS:
    TABLE.on(order_event, order_card, several=order_told, refs=tickets_to_wake, append=timeline_line)

for product_event in catalog.EVENTS:
    if issubclass(product_event, catalog.ProductEvent):
        TABLE.on(product_event, product_card, project=show_product)
