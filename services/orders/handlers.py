"""What orders does on which message."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.orders.commands import (
    ChangeRecipient,
    ConfirmOrder,
    ConvertToReturn,
    DecidePurchase,
    EraseRecipient,
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
    erasing,
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
from shared.runtime.personal import ERASED, ErasePerson, forget


def number_and_customer(message: OrderSubmitted, _docs: Documents) -> Iterable[Ref]:
    """(channel, client_order_number) names one order for ever; of a customer who was erased nothing comes back."""
    if message.client_order_number is not None:
        yield CLIENT_ORDER.ref(f"{message.channel}~{message.client_order_number}")
    if message.customer_id is not None:
        yield ERASED.ref(message.customer_id)


def place(docs: Documents, message: OrderSubmitted, ctx: Context) -> Mapping[Ref, Decision[Any]]:
    order = docs.get(ORDER, ctx.subject)
    placed = placing.place(order, message, ctx)
    if order is not None:
        return {ORDER.ref(ctx.subject): placed}
    numbers = {
        ref: placing.take_number(docs.get(CLIENT_ORDER, ref.id), message)
        for ref in number_and_customer(message, docs)
        if ref.kind is CLIENT_ORDER
    }
    erased = docs.get(ERASED, message.customer_id) if message.customer_id else None
    return {ORDER.ref(ctx.subject): erasing.late(placed, erased, ctx), **numbers}


TABLE = Handlers("orders", topics=["orders.inbox", "catalog.events"], personal=erasing.PERSONAL)
TABLE.on(OrderSubmitted, ORDER, several=place, refs=number_and_customer)
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
TABLE.on(EraseRecipient, ORDER, decide=erasing.erase)
TABLE.on(ErasePerson, ERASED, create=forget)
TABLE.on_time(ORDER, due=timing.due, decide=timing.fire)
