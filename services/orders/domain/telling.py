"""One sentence on each event of an order, for its timeline. Of public facts only: who receives a parcel is in none."""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache, singledispatch
from itertools import islice

from shared.contracts.base import Money
from shared.contracts.order_state import LineUnits, Shipment
from shared.contracts.orders import (
    ClaimCollected,
    ClaimCollecting,
    ClaimEvent,
    ClaimHeld,
    ClaimRequested,
    DispatchDelayed,
    DispatchOverdue,
    OrderCancelled,
    OrderConfirmed,
    OrderDelivered,
    OrderEvent,
    OrderExpired,
    OrderPaid,
    OrderPlaced,
    OrderReserved,
    OrderShipped,
    PaymentFailed,
    PurchaseDecided,
    RefundEvent,
    RefundFailed,
    ReplacementAnswered,
    ReplacementShipped,
    TrackingCorrected,
)

NAMED = 20
"""Lines that one sentence names."""


@singledispatch
def tell(event: OrderEvent) -> str:
    return _words(type(event))


@tell.register
def _(event: OrderPlaced) -> str:
    order = event.order
    units = sum(line.ordered for line in order.lines)
    due = f", to be paid by {_moment(order.pay_by)}" if order.pay_by else ""
    return f"Placed in {order.channel}: {units} units on {len(order.lines)} lines, {_money(order.total)}{due}"


@tell.register
def _(event: OrderReserved) -> str:
    return "Stock is reserved"


@tell.register
def _(event: OrderPaid) -> str:
    payment = event.payment
    return f"Payment {payment.payment_id}: {_money(payment.amount)}" if payment else "Nothing was due"


@tell.register
def _(event: PaymentFailed) -> str:
    payment = event.payment
    return f"Payment {payment.payment_id} of {_money(payment.amount)} failed: {payment.error_code}"


@tell.register
def _(event: OrderExpired) -> str:
    return f"Not paid in time, cancelled: {_units(event.lines)}"


@tell.register
def _(event: OrderCancelled) -> str:
    why = f"{event.reason}, {event.detail}" if event.detail else event.reason
    return f"Cancelled ({why}): {_units(event.lines) or 'nothing was left to cancel'}"


@tell.register
def _(event: OrderConfirmed) -> str:
    ship_by = event.order.ship_by
    return f"Confirmed by the seller{f', to be shipped by {_moment(ship_by)}' if ship_by else ''}"


@tell.register
def _(event: DispatchDelayed) -> str:
    delay = event.delay
    before = f" instead of {_moment(delay.promised)}" if delay.promised else ""
    return f"To be shipped by {_moment(delay.ship_by)}{before} ({delay.reason})"


@tell.register
def _(event: DispatchOverdue) -> str:
    return f"Not shipped by {_moment(event.ship_by)}"


@tell.register
def _(event: OrderShipped) -> str:
    return f"Parcel {_sent(event.shipment)}: {_units(event.shipment.lines)}"


@tell.register
def _(event: TrackingCorrected) -> str:
    return f"Parcel {_sent(event.shipment)}"


@tell.register
def _(event: OrderDelivered) -> str:
    return f"Parcel {event.shipment.shipment_id} has arrived: {_units(event.shipment.lines)}"


@tell.register
def _(event: PurchaseDecided) -> str:
    return f"Kept: {_units(event.lines)}"


@tell.register
def _(event: ClaimEvent) -> str:
    claim = event.claim
    return f"Claim {claim.claim_id}, {claim.type.lower()} of {_units(claim.lines)}: {_step(event)}"


@tell.register
def _(event: RefundEvent) -> str:
    refund = event.refund
    why = refund.error_code if isinstance(event, RefundFailed) else f"{refund.kind}, {refund.reason}"
    return f"{_words(type(event))}, {refund.refund_id}: {_money(refund.amount)} ({why})"


def _step(event: ClaimEvent) -> str:
    claim = event.claim
    match event:
        case ClaimRequested():
            return f"requested ({claim.reason})"
        case ClaimHeld() if claim.hold:
            charge = f", {_money(claim.hold.charge)} owed" if claim.hold.charge else ""
            return f"held ({claim.hold.reason}{charge})"
        case ClaimCollected():
            good, damaged = (sum(getattr(line, name) for line in claim.lines) for name in ("good", "damaged"))
            return f"collected, {good} good and {damaged} damaged"
        case ReplacementAnswered():
            return f"replacement {str(claim.replacement_stock).lower()}"
        case ReplacementShipped() if claim.replacement:
            return f"replacement sent, parcel {_sent(claim.replacement)}"
    by = (claim.pickup.carrier, claim.pickup.tracking_no) if isinstance(event, ClaimCollecting) and claim.pickup else ()
    return ", ".join([_words(type(event)).removeprefix("Claim "), *filter(None, by)])


@cache
def _words(event: type[OrderEvent]) -> str:
    """What the event's name says: `RefundSettled` is "Refund settled"."""
    first, *rest = re.findall("[A-Z][a-z]*", event.__name__)
    return " ".join([first, *map(str.lower, rest)])


def _sent(parcel: Shipment) -> str:
    return f"{parcel.shipment_id} with {parcel.carrier}, {parcel.tracking_no}"


def _units(lines: Sequence[LineUnits]) -> str:
    named = ", ".join(f"{line.quantity} of line {line.line_id}" for line in islice(lines, NAMED))
    return f"{named} and {len(lines) - NAMED} lines more" if len(lines) > NAMED else named


def _money(money: Money) -> str:
    """In minor units, as every amount of the API."""
    return f"{money.amount:,} {money.currency}"


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")
