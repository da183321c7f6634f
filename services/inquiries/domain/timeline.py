"""What happened to an order, one line per event, even where the event came later than newer ones."""

from collections.abc import Sequence
from typing import Any

from shared.contracts.orders import (
    ClaimEvent,
    DispatchDelayed,
    DispatchOverdue,
    OrderCancelled,
    OrderDelivered,
    OrderEvent,
    OrderPaid,
    OrderShipped,
    PaymentFailed,
    RefundEvent,
    TrackingCorrected,
)
from shared.runtime.decision import Context, Row

COLLECTION = "order_timeline"


def timeline_line(event: OrderEvent, ctx: Context) -> Sequence[Row]:
    sequence = ctx.sequence or 0
    line = {
        "order_id": ctx.subject,
        "sequence": sequence,
        "type": type(event).__name__,
        "occurred_at": ctx.now,
        "facts": {"status": event.order.status.value, **_facts(event)},
    }
    return [Row(COLLECTION, f"{ctx.subject}/{sequence:09d}", line)]


def _facts(event: OrderEvent) -> dict[str, Any]:
    match event:
        case OrderShipped() | TrackingCorrected() | OrderDelivered():
            return event.shipment.model_dump(include={"shipment_id", "carrier", "tracking_no"})
        case ClaimEvent():
            claim = event.claim
            return {"claim": claim.type.value, "claim_status": claim.status.value, "reason": claim.reason.value}
        case RefundEvent():
            refund = event.refund
            return {"refund": refund.kind.value, "refund_status": refund.status.value, "amount": dict(refund.amount)}
        case OrderPaid() | PaymentFailed() if event.payment:
            payment = event.payment
            return {"amount": dict(payment.amount)} | ({"error": payment.error_code} if payment.error_code else {})
        case OrderCancelled():
            return {"reason": event.reason.value} | ({"detail": event.detail} if event.detail else {})
    return _promise(event)


def _promise(event: OrderEvent) -> dict[str, Any]:
    match event:
        case DispatchDelayed():
            return {"reason": event.delay.reason.value, "ship_by": event.delay.ship_by}
        case DispatchOverdue():
            return {"ship_by": event.ship_by}
    return {}
