"""What is true of every order after every decision (the domain's invariants), as sentences about those broken."""

from collections import Counter
from collections.abc import Iterator

from services.orders.domain.status import derived
from shared.contracts.order_state import (
    ClaimStatus,
    ClaimType,
    LineState,
    OrderState,
    OrderStatus,
    PaymentStatus,
    RefundKind,
    RefundStatus,
)

NO_SALE = {RefundKind.LATE_PAYMENT, RefundKind.DOUBLE_PAYMENT, RefundKind.AMOUNT_DIFFERS}


def broken(order: OrderState) -> list[str]:
    return [*_derived(order), *_timers(order), *_counters(order), *_parts(order), *_money(order)]


def _derived(order: OrderState) -> Iterator[str]:
    if derived(order) != order:
        yield "statuses do not follow from the counters"
    if OrderState.model_validate_json(order.model_dump_json()) != order:
        yield "the state is not what its own schema reads"


def _timers(order: OrderState) -> Iterator[str]:
    waits = order.status is OrderStatus.DELIVERED and all(claim.closed_at for claim in order.claims)
    if waits and order.decide_at is None:
        yield "nobody ever decides what has arrived"


def _counters(order: OrderState) -> Iterator[str]:
    for line in order.lines:
        claimed = line.decided + line.return_open + line.returned + line.exchange_open + line.exchanged
        within = {
            "cancelled + cancel_open + shipped ≤ ordered": line.cancelled + line.cancel_open + line.shipped
            <= line.ordered,
            "cancelled_unpaid ≤ cancelled": line.cancelled_unpaid <= line.cancelled,
            "delivered ≤ shipped": line.delivered <= line.shipped,
            "decided ≤ delivered": line.decided <= line.delivered,
            "decided and claimed ≤ shipped": claimed <= line.shipped,
        }
        yield from (f"line {line.line_id}: {sentence}" for sentence, holds in within.items() if not holds)


def _parts(order: OrderState) -> Iterator[str]:
    """Counters are the sums of the shipments and claims they count."""
    shipped, delivered, asked, back = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for shipment in order.shipments:
        parts = {part.line_id: part.quantity for part in shipment.lines}
        shipped.update(parts)
        delivered.update(parts if shipment.delivered_at else {})
    for claim in order.claims:
        if claim.closed_at is None:
            asked.update({f"{claim.type} {part.line_id}": part.quantity for part in claim.lines})
        if claim.status is ClaimStatus.RETURN_DONE:
            back.update({part.line_id: part.quantity for part in claim.lines})
    for line in order.lines:
        id = line.line_id
        opened = (line.cancel_open, line.return_open, line.exchange_open)
        if opened != tuple(asked[f"{type} {id}"] for type in ClaimType):
            yield f"line {id}: units in open claims {opened} are not those of its claims"
        counted = (line.shipped, line.delivered, line.returned)
        if counted != (shipped[id], delivered[id], back[id]):
            yield f"line {line.line_id}: counters {counted} are not those of its shipments and claims"


def _money(order: OrderState) -> Iterator[str]:
    ordered = sum(line.list_amount.amount - line.discount_amount.amount for line in order.lines)
    if order.total.amount != ordered + order.shipping_fee.amount:
        yield "the total is not what was ordered"
    sales = [payment for payment in order.payments if payment.status is PaymentStatus.CAPTURED]
    if [payment.amount for payment in sales] not in ([], [order.amount_due]):
        yield "an order is paid once, with the amount due"
    if (order.paid_at is None) != ((not sales and order.amount_due.amount > 0) or _never_sold(order)):
        yield "paid is what has a payment, or what owes nothing"
    shares = sum(line.order_discount_amount.amount for line in order.lines if line.order_discount_amount)
    if shares != sum(discount.amount.amount for discount in order.discounts):
        yield "the lines' shares are not the order's discounts"
    yield from _refunds(order)
    yield from _conserved(order)


def _never_sold(order: OrderState) -> bool:
    return all(line.cancelled_unpaid == line.ordered for line in order.lines)


def _refunds(order: OrderState) -> Iterator[str]:
    due = order.amount_due.amount if order.paid_at else 0
    given = [r for r in order.refunds if r.kind not in NO_SALE and r.status is not RefundStatus.FAILED]
    if sum(refund.amount.amount for refund in given) > due:
        yield "more is refunded than was paid"
    for line in order.lines:
        parts = [part.goods_amount.amount for refund in given for part in refund.lines if part.line_id == line.line_id]
        if sum(parts) > _paid_for(line) or any(part < 0 for part in parts):
            yield f"line {line.line_id}: more is refunded than was paid for it"
    for refund in order.refunds:
        charge = refund.charge.amount if refund.charge else 0
        parts_of_it = sum(part.goods_amount.amount for part in refund.lines) + refund.shipping_amount.amount - charge
        if refund.kind not in NO_SALE and refund.amount.amount != parts_of_it:
            yield f"refund {refund.refund_id} is not the sum of its parts"
    back = [(r.payment_id, r.amount) for r in order.refunds if r.kind in NO_SALE]
    if back != [(p.payment_id, p.amount) for p in order.payments if p.status is PaymentStatus.REFUNDED]:
        yield "a payment that was no sale is given back whole, once"
    whole = order.paid_at and all(line.cancelled == line.ordered for line in order.lines)
    ever_failed = any(refund.attempts > 1 or refund.status is RefundStatus.FAILED for refund in order.refunds)
    if whole and not ever_failed and sum(refund.amount.amount for refund in given) != due:
        yield "a whole cancel gives back all that was paid"


def _conserved(order: OrderState) -> Iterator[str]:
    """paid = kept + refunded + due, where each part is counted by itself: what is kept from the units and fees that
    are kept, the others from the refunds."""
    if not order.paid_at or any(refund.attempts > 1 or refund.error_code for refund in order.refunds):
        return
    settled = Counter[bool]()
    for refund in order.refunds:
        settled[refund.status is RefundStatus.SETTLED] += refund.amount.amount
    paid = sum(payment.amount.amount for payment in order.payments if payment.status is not PaymentStatus.FAILED)
    if paid != _kept(order) + settled[True] + settled[False]:
        yield f"paid {paid}, kept {_kept(order)}, refunded {settled[True]}, due {settled[False]}"


def _kept(order: OrderState) -> int:
    """The goods that are not cancelled or returned, as far as goodwill left them paid; fees and charges."""
    goodwill = Counter[str]()
    for refund in order.refunds:
        if refund.kind is RefundKind.GOODWILL:
            goodwill.update({part.line_id: part.goods_amount.amount for part in refund.lines})
    goods = sum(max(0, _kept_of(line) - goodwill[line.line_id]) for line in order.lines)
    sales = [refund for refund in order.refunds if refund.kind not in NO_SALE]
    charges = sum(refund.charge.amount for refund in sales if refund.charge)
    fee = 0 if _never_sold(order) else order.shipping_fee.amount
    return goods + fee - sum(refund.shipping_amount.amount for refund in sales) + charges


def _kept_of(line: LineState) -> int:
    """Cancels take a line's units from its first on, returns from its last."""
    value = line.list_amount - line.discount_amount
    return value.units(line.cancelled, line.ordered - line.returned, line.ordered).amount


def _paid_for(line: LineState) -> int:
    value = line.list_amount.amount - line.discount_amount.amount
    return value - value * line.cancelled_unpaid // line.ordered
