"""Orders of one line in a shop of a few products, and tickets about them, told as other systems tell them."""

from datetime import UTC, datetime, timedelta

from deploy.replay.source import Sender
from shared.contracts.base import InboxMessage, Money
from shared.contracts.catalog import ReservationLine, ReservationState, ReservationStatus, StockReserved
from shared.contracts.envelope import Envelope
from shared.contracts.inbox_catalog import ProductSubmitted, SubmittedOption
from shared.contracts.inbox_inquiries import InquirySubmitted
from shared.contracts.inbox_orders import OrderSubmitted, PaymentCaptured, ShipmentHandedOver, SubmittedLine
from shared.contracts.inquiries import Channel

SENDER = Sender("/bench")
PRODUCTS = 50
PRICE = Money(amount=12_900, currency="KRW")
NOTHING = Money(amount=0, currency="KRW")
PLACED_AT = datetime.now(UTC) - timedelta(hours=2)


def order_id(number: int) -> str:
    return f"ord_{number:06}"


def inquiry_id(number: int) -> str:
    return f"inq_{number:06}"


def products() -> list[Envelope]:
    return [
        told(
            ProductSubmitted(
                product_id=_product(number),
                name=f"Bench product {number}",
                category=("bench",),
                list_price=PRICE,
                options=(SubmittedOption(stock=1_000_000),),
            )
        )
        for number in range(PRODUCTS)
    ]


def placed(number: int) -> OrderSubmitted:
    line = SubmittedLine(
        line_id="1",
        product_id=_product(number),
        name=f"Bench product {number % PRODUCTS}",
        quantity=1,
        list_amount=PRICE,
        discount_amount=NOTHING,
    )
    return OrderSubmitted(
        order_id=order_id(number),
        channel="bench",
        customer_id=f"cst_{number % 1000:04}",
        currency="KRW",
        lines=(line,),
        shipping_fee=NOTHING,
    )


def paid(number: int) -> PaymentCaptured:
    return PaymentCaptured(order_id=order_id(number), payment_id=f"pay_{number:06}", amount=PRICE, method="card")


def handed_over(number: int) -> ShipmentHandedOver:
    return ShipmentHandedOver(
        order_id=order_id(number), shipment_id=f"shp_{number:06}", carrier="bench", tracking_no=f"B{number:06}"
    )


def asked(number: int) -> InquirySubmitted:
    return InquirySubmitted(
        inquiry_id=inquiry_id(number),
        channel=Channel.WEB,
        customer_id=f"cst_{number % 1000:04}",
        order_id=order_id(number),
        text="Where is my parcel?",
    )


def told(message: InboxMessage, at: datetime = PLACED_AT) -> Envelope:
    return SENDER.envelope(message, getattr(message, message.subject_field), at)


def reserved(number: int) -> Envelope:
    """What catalog would answer, for a bench without it."""
    line = ReservationLine(
        line_id="1", product_id=_product(number), option_id="default", reserved=1, committed=0, restocked=0
    )
    state = ReservationState(order_id=order_id(number), status=ReservationStatus.RESERVED, lines=(line,))
    event = StockReserved(reservation=state)
    return Envelope(
        id=str(SENDER.id(order_id(number), "StockReserved")),
        source="/catalog",
        type=event.wire_type(),
        time=PLACED_AT,
        subject=order_id(number),
        data=event.model_dump_json().encode(),
        sequence=1,
        aggregate="reservation",
    )


def _product(number: int) -> str:
    return f"prd_{number % PRODUCTS:03}"
