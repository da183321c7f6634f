"""Parcels leave, their tracking is corrected, they arrive."""

from functools import partial

from services.orders.domain.cancelling import withdrawn_from
from services.orders.domain.claims import changed
from services.orders.domain.exchanging import claim_sending, finish, send_replacement
from services.orders.domain.guards import SELLER
from services.orders.domain.moves import Move, illegal, not_yet, permit, require, unknown
from services.orders.domain.order import (
    Order,
    Units,
    as_lines,
    as_units,
    counted,
    free,
    may_send,
    shipment_of,
    unshipped,
)
from services.orders.domain.repeats import answered, is_repeat
from services.orders.domain.units import wanted
from shared.contracts.inbox_orders import ShipmentDelivered, ShipmentHandedOver, TrackingChanged
from shared.contracts.order_state import OrderState, Shipment
from shared.contracts.orders import ClaimWithdrawn, OrderDelivered, OrderShipped, TrackingCorrected
from shared.runtime.decision import Context, Decision


def ship(order: Order, message: ShipmentHandedOver, ctx: Context) -> Decision[Order]:
    """What a parcel takes out of an open cancel request is withdrawn from it; a seller has to say so."""
    if message.claim_id is not None:
        return send_replacement(order, message, message.claim_id, ctx)
    permit(order, Move.SHIP, ctx)
    if is_repeat(order, "shipment", message.shipment_id, message, ctx):
        return Decision(order)
    require(order, Move.SHIP, ctx)
    units = wanted(order, message.lines, unshipped, ctx)
    taken = _asked_to_cancel(order.state, units)
    if taken and ctx.actor.role in SELLER and not message.withdraw_cancel_request:
        sentence = "units of it are asked to be cancelled: decide that first, or withdraw the request with the shipment"
        raise not_yet(order, ctx, sentence, "withdraw_cancel_request")
    claims, withdrawn = withdrawn_from(order.state.claims, taken, ctx)
    shipment = Shipment(
        shipment_id=message.shipment_id,
        carrier=message.carrier,
        tracking_no=message.tracking_no,
        lines=as_lines(units),
        shipped_at=ctx.now,
    )
    shipped = answered(order, "shipment", message.shipment_id, message).now(
        ctx,
        claims=claims,
        lines=counted(order.state.lines, units, "shipped"),
        shipments=(*order.state.shipments, shipment),
    )
    events = [partial(ClaimWithdrawn, claim=claim) for claim in withdrawn]
    return Decision(shipped, [*events, partial(OrderShipped, shipment=shipment)])


def correct_tracking(order: Order, message: TrackingChanged, ctx: Context) -> Decision[Order]:
    """Of a parcel of the order, or of one that an exchange sends; an earlier correction told again changes nothing."""
    permit(order, Move.CORRECT_TRACKING, ctx)
    claim = claim_sending(order.state, message.shipment_id)
    parcel = claim.replacement if claim and claim.replacement else _known(order, message.shipment_id, ctx)
    if (parcel.carrier, parcel.tracking_no) == (message.carrier, message.tracking_no):
        return Decision(order)
    if parcel.tracked_at is not None and ctx.now <= parcel.tracked_at:
        return Decision(order)
    if parcel.delivered_at is not None and parcel.delivered_at <= ctx.now:
        raise illegal(order, ctx, f"shipment {parcel.shipment_id} is delivered", "shipment_id")
    corrected = parcel.model_copy(
        update={"carrier": message.carrier, "tracking_no": message.tracking_no, "tracked_at": ctx.now}
    )
    told = partial(TrackingCorrected, shipment=corrected)
    if claim is not None:
        return changed(order, claim.model_copy(update={"replacement": corrected}), ctx, told)
    return Decision(_with(order, corrected, ctx), [told])


def deliver(order: Order, message: ShipmentDelivered, ctx: Context) -> Decision[Order]:
    permit(order, Move.DELIVER, ctx)
    if claim := claim_sending(order.state, message.shipment_id):
        return finish(order, claim, ctx)
    shipment = _known(order, message.shipment_id, ctx)
    if shipment.delivered_at is not None:
        return Decision(order)
    arrived = shipment.model_copy(update={"delivered_at": ctx.now})
    lines = counted(order.state.lines, as_units(shipment.lines), "delivered")
    return Decision(_with(order, arrived, ctx, lines=lines), [partial(OrderDelivered, shipment=arrived)])


def _asked_to_cancel(state: OrderState, units: Units) -> Units:
    """The units of a parcel that are no longer free, because somebody has asked to cancel them."""
    beyond = {line.line_id: units.get(line.line_id, 0) - free(line) for line in state.lines}
    return {line_id: quantity for line_id, quantity in beyond.items() if quantity > 0}


def _known(order: Order, shipment_id: str, ctx: Context) -> Shipment:
    shipment = shipment_of(order.state, shipment_id)
    if shipment is None:
        refusal = unknown if may_send(order.state) else illegal
        raise refusal(order, ctx, f"shipment {shipment_id} is not known", "shipment_id")
    return shipment


def _with(order: Order, shipment: Shipment, ctx: Context, **changes: object) -> Order:
    shipments = tuple(shipment if s.shipment_id == shipment.shipment_id else s for s in order.state.shipments)
    return order.now(ctx, shipments=shipments, **changes)
