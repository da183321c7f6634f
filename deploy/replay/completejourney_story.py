"""One basket as the messages of an order: what the files say, and what we make up because they do not say it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.replay.source import Sender, Story
from shared.contracts.base import Money
from shared.contracts.inbox_orders import (
    ClaimSubmitted,
    GoodwillLine,
    OrdersMessage,
    OrderSubmitted,
    PaymentCaptured,
    RefundPaid,
    RefundSubmitted,
    ShipmentDelivered,
    ShipmentHandedOver,
    SubmittedLine,
)
from shared.contracts.order_state import ClaimType, Reason

CURRENCY = "USD"
SENDER = Sender("/replay/completejourney")

CANCEL_AFTER = timedelta(hours=2)
HAND_OVER_AFTER = timedelta(hours=6)
DELIVER_AFTER = timedelta(hours=30)
GOODWILL_AFTER = timedelta(hours=48)


@dataclass(frozen=True)
class Basket:
    """One row of the chosen baskets: the columns are lists with an entry per line, in the order of the file."""

    basket_id: int
    household_id: int
    placed_at: datetime
    product_id: list[int]
    name: list[str]
    quantity: list[int]
    list_amount: list[int]
    discount_amount: list[int]

    @property
    def order_id(self) -> str:
        return f"cj_{self.basket_id}"

    @property
    def customer_id(self) -> str:
        return str(SENDER.id(str(self.household_id)))

    @property
    def is_cancelled(self) -> bool:
        return self.basket_id % 50 == 0

    @property
    def gets_goodwill(self) -> bool:
        return self.basket_id % 50 == 1

    @property
    def due(self) -> int:
        return sum(self.list_amount) - sum(self.discount_amount)

    @property
    def first_line_value(self) -> int:
        return self.list_amount[0] - self.discount_amount[0]

    def lines(self) -> Iterator[SubmittedLine]:
        columns = (self.product_id, self.name, self.quantity, self.list_amount, self.discount_amount)
        for number, (product, name, quantity, amount, discount) in enumerate(zip(*columns, strict=True), start=1):
            yield SubmittedLine(
                line_id=str(number),
                product_id=f"cj_{product}",
                name=name,
                quantity=quantity,
                list_amount=money(amount),
                discount_amount=money(discount),
            )


def story(basket: Basket) -> Story:
    placed = basket.placed_at
    told = [(placed, _submitted(basket))]
    if basket.due:
        told.append((placed, _paid(basket)))
    if basket.is_cancelled:
        told += [(placed + CANCEL_AFTER, message) for message in _cancel(basket)]
    else:
        told += _delivery(basket)
    if basket.gets_goodwill and basket.first_line_value:
        told += [(placed + GOODWILL_AFTER, message) for message in _goodwill(basket)]
    return [SENDER.envelope(message, basket.order_id, time) for time, message in told]


def _submitted(basket: Basket) -> OrdersMessage:
    return OrderSubmitted(
        order_id=basket.order_id,
        channel="completejourney",
        customer_id=basket.customer_id,
        currency=CURRENCY,
        lines=tuple(basket.lines()),
        shipping_fee=money(0),
    )


def _paid(basket: Basket) -> OrdersMessage:
    return PaymentCaptured(
        order_id=basket.order_id, payment_id=f"{basket.order_id}_payment", amount=money(basket.due), method="till"
    )


def _delivery(basket: Basket) -> list[tuple[datetime, OrdersMessage]]:
    order_id, shipment_id = basket.order_id, f"{basket.order_id}_parcel"
    parcel = ShipmentHandedOver(
        order_id=order_id, shipment_id=shipment_id, carrier="made-up", tracking_no=f"CJ{basket.basket_id}"
    )
    arrival = ShipmentDelivered(order_id=order_id, shipment_id=shipment_id)
    return [(basket.placed_at + HAND_OVER_AFTER, parcel), (basket.placed_at + DELIVER_AFTER, arrival)]


def _cancel(basket: Basket) -> list[OrdersMessage]:
    order_id, claim_id = basket.order_id, f"{basket.order_id}_cancel"
    claim = ClaimSubmitted(
        order_id=order_id, claim_id=claim_id, type=ClaimType.CANCEL, reason=Reason.INTENT_CHANGED, decided=True
    )
    return [claim, RefundPaid(order_id=order_id, claim_id=claim_id)] if basket.due else [claim]


def _goodwill(basket: Basket) -> list[OrdersMessage]:
    order_id, refund_id = basket.order_id, f"{basket.order_id}_goodwill"
    line = GoodwillLine(line_id="1", goods_amount=money(basket.first_line_value))
    refund = RefundSubmitted(
        order_id=order_id, refund_id=refund_id, reason="GOODWILL", lines=(line,), shipping_amount=money(0)
    )
    return [refund, RefundPaid(order_id=order_id, refund_id=refund_id)]


def money(cents: int) -> Money:
    return Money(amount=cents, currency=CURRENCY)
