"""What is true of every order after every decision (the domain's invariants), as sentences about those broken."""

from collections import Counter
from collections.abc import Iterator

from services.orders.domain.status import derived
from shared.contracts.order_state import ClaimStatus, ClaimType, OrderState, OrderStatus, PaymentStatus
from tests.orders.money import misbooked

GIVEN_BACK = {ClaimStatus.RETURN_REJECT, ClaimStatus.EXCHANGE_REJECT, ClaimStatus.WITHDRAWN}
KEPT = (OrderStatus.PURCHASE_DECIDED, OrderStatus.EXCHANGED)


def broken(order: OrderState) -> list[str]:
    return [*_derived(order), *_timers(order), *_counters(order), *_parts(order), *_options(order), *_money(order)]


def _derived(order: OrderState) -> Iterator[str]:
    if derived(order) != order:
        yield "statuses do not follow from the counters"
    if OrderState.model_validate_json(order.model_dump_json()) != order:
        yield "the state is not what its own schema reads"


def _timers(order: OrderState) -> Iterator[str]:
    sent = any(line.exchanged for line in order.lines) and order.exchanges_decided_at is None
    arrived = order.status is OrderStatus.DELIVERED or (sent and order.status in KEPT)
    if arrived and order.decide_at is None and all(claim.closed_at for claim in order.claims):
        yield "nobody ever decides what has arrived"
    asked_back = any(line.return_open or line.exchange_open for line in order.lines)
    if order.exchanges_decided_at and (asked_back or order.status not in KEPT):
        yield "what is kept for good is asked back"


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


def _options(order: OrderState) -> Iterator[str]:
    """Of no option more units come back than were sent."""
    sent = Counter({(line.line_id, line.option_id): line.shipped for line in order.lines})
    for claim in order.claims:
        for part in claim.lines if claim.type is not ClaimType.CANCEL and claim.status not in GIVEN_BACK else ():
            sent[part.line_id, part.option_id or ""] -= part.quantity
            if claim.status is ClaimStatus.EXCHANGE_DONE:
                sent[part.line_id, part.target_option_id or ""] += part.quantity
    for (line_id, option), units in sent.items():
        if units < 0:
            yield f"line {line_id}: more of option {option} comes back than was sent"


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
    yield from misbooked(order)


def _never_sold(order: OrderState) -> bool:
    return all(line.cancelled_unpaid == line.ordered for line in order.lines)
