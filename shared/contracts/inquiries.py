"""What inquiries tells the world: `inquiries.events`, key = inquiry id. Codes, ids and times only, no texts."""

from enum import StrEnum
from typing import ClassVar

from shared.contracts.base import Code, Contract, Count, Event, Id, Utc


class Channel(StrEnum):
    WEB = "web"
    PRODUCT_PAGE = "product_page"
    PHONE = "phone"
    KAKAO = "kakao"
    INSTAGRAM = "instagram"
    MARKETPLACE = "marketplace"


class Category(StrEnum):
    """category.sub of the inquiry tree."""

    ORDER_CANCEL = "order.cancel"
    ORDER_DELIVERY = "order.delivery"
    ORDER_RETURN_REFUND = "order.return_refund"
    PRODUCT_INFO = "product.info"
    PRODUCT_STOCK = "product.stock"
    PRODUCT_DESCRIPTION = "product.description"
    PAYMENT_ERROR = "payment.error"
    PAYMENT_RECEIPT = "payment.receipt"
    ETC_OTHER = "etc.other"


class InquiryStatus(StrEnum):
    NEW = "NEW"
    OPEN = "OPEN"
    PENDING_CUSTOMER = "PENDING_CUSTOMER"
    WAITING_EVENT = "WAITING_EVENT"
    RESOLVED = "RESOLVED"


class OrderMoment(StrEnum):
    """What a ticket may wait for."""

    SHIPPED = "shipped"


class InquiryState(Contract):
    inquiry_id: Id
    channel: Channel
    customer_id: Id | None = None
    order_id: Id | None = None
    line_ids: tuple[Id, ...] = ()
    product_id: Id | None = None
    category: Category | None = None
    status: InquiryStatus
    assignee: Code | None = None
    waiting_for: OrderMoment | None = None
    missing_fields: tuple[Code, ...] = ()
    created_at: Utc
    first_response_at: Utc | None = None
    resolved_at: Utc | None = None
    reopen_count: Count = 0


class InquiryEvent(Event):
    service: ClassVar[str] = "inquiries"
    aggregate: ClassVar[str] = "inquiry"
    inquiry: InquiryState


class InquiryOpened(InquiryEvent):
    pass


class InquiryAssigned(InquiryEvent):
    pass


class InquiryCategorised(InquiryEvent):
    pass


class InquiryAmended(InquiryEvent):
    """What the ticket is about or who asks was added or corrected; the category has an event of its own."""

    fields: tuple[Code, ...]
    """The names of the fields that changed, never their values."""


class InquiryAnswered(InquiryEvent):
    """A public message by the shop."""

    author_role: Code


class CustomerReplied(InquiryEvent):
    pass


class InquiryWaiting(InquiryEvent):
    waiting_for: OrderMoment


class InquiryResolved(InquiryEvent):
    pass


class InquiryReopened(InquiryEvent):
    reason: Code
    """AGENT, CUSTOMER, or what became of the order that it waited for: shipped, cancelled."""


EVENTS: tuple[type[InquiryEvent], ...] = (
    InquiryOpened,
    InquiryAssigned,
    InquiryCategorised,
    InquiryAmended,
    InquiryAnswered,
    CustomerReplied,
    InquiryWaiting,
    InquiryResolved,
    InquiryReopened,
)
