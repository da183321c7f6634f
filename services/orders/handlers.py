"""What orders does on which message."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.orders.commands import (
    ChangeRecipient,
    ConfirmOrder,
    ConvertToReturn,
    DecidePurchase,
    FinishExchange,
    HoldClaim,
    ReleaseClaim,
    RetryRefund,
)
from services.orders.domain import (
    addressing,
    claiming,
    confirming,
    deciding,
    dispatching,
    exchanging,
    holding,
    payment,
    placing,
    refunding,
    returning,
    shipping,
    stock,
    timing,
)
from services.orders.repository import CLIENT_ORDER, ORDER
from shared.contracts.catalog import StockRejected, StockReserved
from shared.contracts.inbox_orders import (
    ClaimDecided,
    ClaimSubmitted,
    DispatchDelayRequested,
    OrderSubmitted,
    ParcelCollected,
    PaymentCaptured,
    PaymentDeclined,
    PickupStarted,
    RefundDeclined,
    RefundPaid,
    RefundSubmitted,
    ShipmentDelivered,
    ShipmentHandedOver,
    TrackingChanged,
)
from shared.runtime.decision import Context, Decision, Documents, Ref
from shared.runtime.handlers import Handlers


def client_number(message: OrderSubmitted, _docs: Documents) -> Iterable[Ref]:
    """(channel, client_order_number) names one order for ever."""
    number = message.client_order_number
    return () if number is None else (CLIENT_ORDER.ref(f"{message.channel}~{number}"),)


def place(docs: Documents, message: OrderSubmitted, ctx: Context) -> Mapping[Ref, Decision[Any]]:
    order = docs.get(ORDER, ctx.subject)
    numbers = {
        ref: placing.take_number(docs.get(CLIENT_ORDER, ref.id), message) for ref in client_number(message, docs)
    }
    return {ORDER.ref(ctx.subject): placing.place(order, message, ctx), **numbers}


TABLE = Handlers("orders", topics=["orders.inbox", "catalog.events"])
TABLE.on(OrderSubmitted, ORDER, several=place, refs=client_number)
TABLE.on(StockReserved, ORDER, decide=stock.reserved)
TABLE.on(StockRejected, ORDER, decide=stock.rejected)
TABLE.on(PaymentCaptured, ORDER, decide=payment.capture)
TABLE.on(PaymentDeclined, ORDER, decide=payment.decline)
TABLE.on(ConfirmOrder, ORDER, decide=confirming.confirm)
TABLE.on(DispatchDelayRequested, ORDER, decide=dispatching.delay)
TABLE.on(ChangeRecipient, ORDER, decide=addressing.change_recipient)
TABLE.on(ShipmentHandedOver, ORDER, decide=shipping.ship)
TABLE.on(TrackingChanged, ORDER, decide=shipping.correct_tracking)
TABLE.on(ShipmentDelivered, ORDER, decide=shipping.deliver)
TABLE.on(DecidePurchase, ORDER, decide=deciding.decide_purchase)
TABLE.on(ClaimSubmitted, ORDER, decide=claiming.request)
TABLE.on(ClaimDecided, ORDER, decide=claiming.decide)
TABLE.on(PickupStarted, ORDER, decide=returning.start_pickup)
TABLE.on(ParcelCollected, ORDER, decide=returning.collect)
TABLE.on(HoldClaim, ORDER, decide=holding.hold)
TABLE.on(ReleaseClaim, ORDER, decide=holding.release)
TABLE.on(FinishExchange, ORDER, decide=exchanging.finish_exchange)
TABLE.on(ConvertToReturn, ORDER, decide=exchanging.convert)
TABLE.on(RefundSubmitted, ORDER, decide=refunding.give_goodwill)
TABLE.on(RefundPaid, ORDER, decide=refunding.settle)
TABLE.on(RefundDeclined, ORDER, decide=refunding.fail)
TABLE.on(RetryRefund, ORDER, decide=refunding.retry)
TABLE.on_time(ORDER, due=timing.due, decide=timing.fire)
