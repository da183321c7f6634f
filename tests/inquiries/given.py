"""What the tests of inquiries start from: a desk in memory, a question, an order and what becomes of it."""

from datetime import timedelta
from typing import Any

from services.inquiries.handlers import TABLE
from services.inquiries.repository import INQUIRY, ORDER_CARD, PRODUCT_CARD
from services.inquiries.settings import Settings
from shared.contracts.base import Money
from shared.contracts.catalog import OptionState, ProductState, ProductStatus
from shared.contracts.envelope import Envelope
from shared.contracts.inbox_inquiries import InquirySubmitted
from shared.contracts.inquiries import Category, Channel
from shared.contracts.order_state import LineState, LineUnits, OrderState, OrderStatus, Shipment
from shared.contracts.orders import OrderDelivered, OrderEvent, OrderPaid, OrderPlaced, OrderShipped
from shared.runtime.decision import Kind
from shared.runtime.personal import ERASED
from tests.support.memory import T0, MemoryRuntime, event_envelope

KINDS: list[Kind[Any]] = [INQUIRY, ORDER_CARD, PRODUCT_CARD, ERASED]
INQUIRY_ID, ORDER_ID, CUSTOMER_ID = "inq_1", "ord_1", "cus_1"


def won(amount: int) -> Money:
    return Money(amount=amount, currency="KRW")


def a_desk(**settings: Any) -> MemoryRuntime:
    return MemoryRuntime("inquiries", TABLE, KINDS, Settings(**{"language": "en", **settings}))


def a_question(**fields: Any) -> InquirySubmitted:
    asked: dict[str, Any] = {
        "inquiry_id": INQUIRY_ID,
        "channel": Channel.WEB,
        "customer_id": CUSTOMER_ID,
        "category": Category.ORDER_DELIVERY,
        "name": "Kim",
        "contact": "010-1234-5678",
        "order_id": ORDER_ID,
        "text": "Where is my parcel?",
    }
    return InquirySubmitted(**asked | fields)


def an_open_ticket(desk: MemoryRuntime, **fields: Any) -> MemoryRuntime:
    desk.deliver(a_question(**fields))
    return desk


PARCEL = Shipment(
    shipment_id="shp_1",
    carrier="CJGLS",
    tracking_no="1234-5678",
    lines=(LineUnits(line_id="1", quantity=2),),
    shipped_at=T0 + timedelta(hours=6),
)


def an_order(status: OrderStatus = OrderStatus.PAYMENT_WAITING, **fields: Any) -> OrderState:
    line = LineState(
        line_id="1",
        product_id="prd_1",
        option_id="default",
        name="Mug",
        list_amount=won(20_000),
        discount_amount=won(0),
        ordered=2,
        status=status,
    )
    state: dict[str, Any] = {
        "order_id": ORDER_ID,
        "channel": "web",
        "customer_id": CUSTOMER_ID,
        "currency": "KRW",
        "status": status,
        "lines": (line,),
        "shipping_fee": won(3_000),
        "total": won(23_000),
        "placed_at": T0,
    }
    return OrderState(**state | fields)


def told(event: OrderEvent, sequence: int) -> Envelope:
    return event_envelope(event, event.order.order_id, sequence, time=T0 + timedelta(hours=sequence))


def placed(sequence: int = 1, **fields: Any) -> Envelope:
    return told(OrderPlaced(order=an_order(**fields)), sequence)


def paid(sequence: int = 2, **fields: Any) -> Envelope:
    return told(OrderPaid(order=an_order(OrderStatus.PAYED, **fields)), sequence)


def shipped(sequence: int = 3, **fields: Any) -> Envelope:
    order = an_order(OrderStatus.DELIVERING, shipments=(PARCEL,), **fields)
    return told(OrderShipped(order=order, shipment=PARCEL), sequence)


def delivered(sequence: int = 4, **fields: Any) -> Envelope:
    order = an_order(OrderStatus.DELIVERED, shipments=(PARCEL,), **fields)
    return told(OrderDelivered(order=order, shipment=PARCEL), sequence)


def a_product(**fields: Any) -> ProductState:
    option = OptionState(
        option_id="default", price_difference=won(0), on_hand=7, reserved=2, available=5, safety_level=0
    )
    state: dict[str, Any] = {
        "product_id": "prd_1",
        "name": "Mug",
        "description": "A long text the card has no use for",
        "status": ProductStatus.ON_SALE,
        "list_price": won(10_000),
        "options": (option,),
        "registered_at": T0,
        "updated_at": T0,
    }
    return ProductState(**state | fields)
