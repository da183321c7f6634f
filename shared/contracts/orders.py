"""What the orders service tells the world: `orders.events`, key = order id."""

from typing import ClassVar

from shared.contracts.base import Code, Event, Utc
from shared.contracts.order_state import Claim, Delay, LineUnits, OrderState, Payment, Reason, Refund, Shipment


class OrderEvent(Event):
    service: ClassVar[str] = "orders"
    aggregate: ClassVar[str] = "order"
    order: OrderState


class OrderPlaced(OrderEvent):
    pass


class OrderReserved(OrderEvent):
    pass


class OrderPaid(OrderEvent):
    payment: Payment | None = None
    """None when nothing was due."""


class PaymentFailed(OrderEvent):
    payment: Payment


class OrderExpired(OrderEvent):
    """The time to pay is over; the units named are cancelled."""

    lines: tuple[LineUnits, ...]


class OrderCancelled(OrderEvent):
    """Nothing is left to ship: the units named were cancelled by a claim, or because catalog refused the stock.

    Without lines: catalog's refusal came when nothing was left to cancel; the order is flagged.
    """

    lines: tuple[LineUnits, ...]
    reason: Reason
    detail: Code | None = None


class OrderConfirmed(OrderEvent):
    pass


class DispatchDelayed(OrderEvent):
    delay: Delay


class DispatchOverdue(OrderEvent):
    """Told once per promise."""

    ship_by: Utc


class OrderShipped(OrderEvent):
    shipment: Shipment


class TrackingCorrected(OrderEvent):
    """Of a parcel of the order, or of one that an exchange sent in place of what came back."""

    shipment: Shipment


class OrderDelivered(OrderEvent):
    shipment: Shipment


class PurchaseDecided(OrderEvent):
    """구매확정: by the buyer, or by the time since everything arrived."""

    lines: tuple[LineUnits, ...]


class RecipientChanged(OrderEvent):
    """Where to deliver is another place or person; which one stays in orders."""


class ClaimEvent(OrderEvent):
    claim: Claim


class ClaimRequested(ClaimEvent):
    pass


class ClaimApproved(ClaimEvent):
    pass


class ClaimRejected(ClaimEvent):
    pass


class ClaimWithdrawn(ClaimEvent):
    pass


class ClaimCollecting(ClaimEvent):
    """The pick-up has started."""


class ClaimCollected(ClaimEvent):
    """The goods are back and counted."""


class ReplacementAnswered(ClaimEvent):
    """Catalog has, or has not, what an exchange is to send: `replacement_stock`."""


class ReplacementShipped(ClaimEvent):
    pass


class ClaimConverted(ClaimEvent):
    """An exchange goes on as a return."""


class ClaimHeld(ClaimEvent):
    pass


class ClaimReleased(ClaimEvent):
    pass


class ClaimCompleted(ClaimEvent):
    pass


class RefundEvent(OrderEvent):
    refund: Refund


class RefundRequested(RefundEvent):
    pass


class RefundSettled(RefundEvent):
    pass


class RefundFailed(RefundEvent):
    pass


EVENTS: tuple[type[OrderEvent], ...] = (
    OrderPlaced,
    OrderReserved,
    OrderPaid,
    PaymentFailed,
    OrderExpired,
    OrderCancelled,
    OrderConfirmed,
    DispatchDelayed,
    DispatchOverdue,
    OrderShipped,
    TrackingCorrected,
    OrderDelivered,
    PurchaseDecided,
    RecipientChanged,
    ClaimRequested,
    ClaimApproved,
    ClaimRejected,
    ClaimWithdrawn,
    ClaimCollecting,
    ClaimCollected,
    ClaimHeld,
    ClaimReleased,
    ClaimConverted,
    ReplacementAnswered,
    ReplacementShipped,
    ClaimCompleted,
    RefundRequested,
    RefundSettled,
    RefundFailed,
)
