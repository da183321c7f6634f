"""Exchanging: other goods are sent in place of those that come back."""

from functools import partial
from typing import NoReturn

from services.orders.commands import ConvertToReturn, FinishExchange
from services.orders.domain.claims import changed
from services.orders.domain.moves import Move, claim_to, illegal, known_claim, permit
from services.orders.domain.order import Order, as_lines, as_units
from services.orders.domain.repeats import answered, is_repeat
from shared.contracts.inbox_orders import ClaimSubmitted, ShipmentHandedOver
from shared.contracts.order_state import Claim, ClaimStatus, ClaimType, OrderState, Shipment, StockStatus
from shared.contracts.orders import ClaimCompleted, ClaimConverted, ReplacementAnswered, ReplacementShipped
from shared.runtime.decision import Context, Decision, Invalid


def check_targets(message: ClaimSubmitted) -> None:
    """An exchange says for each line which option is to come instead, nothing else does; a cancel names no option."""
    exchange = message.type is ClaimType.EXCHANGE
    if exchange and message.lines is None:
        raise Invalid("an exchange names its lines", field="lines")
    if exchange and message.decided:
        raise Invalid("an exchange is not decided when it is asked for", field="decided")
    for position, line in enumerate(message.lines or ()):
        if exchange != (line.target_option_id is not None):
            sentence = "an exchange names the option to send" if exchange else "only an exchange sends another option"
            raise Invalid(sentence, field=f"lines.{position}.target_option_id")
        if message.type is ClaimType.CANCEL and line.option_id is not None:
            raise Invalid("what has not left is what was ordered", field=f"lines.{position}.option_id")


def never_granted_at_once(order: Order, claim: Claim, ctx: Context) -> NoReturn:
    raise illegal(order, ctx, "an exchange is granted by sending the replacement", "decision")


def replacement_answered(order: Order, claim_id: str, stock: StockStatus, ctx: Context) -> Decision[Order]:
    """What catalog says of a claim that no longer wants it is late."""
    claim = known_claim(order, claim_id, ctx)
    if claim.replacement_stock in (None, stock) or claim.closed_at is not None or claim.replacement is not None:
        return Decision(order)
    told = claim.model_copy(update={"replacement_stock": stock})
    return changed(order, told, ctx, partial(ReplacementAnswered, claim=told))


def send_replacement(order: Order, message: ShipmentHandedOver, claim_id: str, ctx: Context) -> Decision[Order]:
    permit(order, Move.SEND_REPLACEMENT, ctx)
    if is_repeat(order, "shipment", message.shipment_id, message, ctx):
        return Decision(order)
    claim = claim_to(order, Move.SEND_REPLACEMENT, claim_id, ctx)
    units = as_units(claim.lines)
    if message.lines is not None and as_units(message.lines) != units:
        raise Invalid(f"a replacement is of all units that claim {claim_id} exchanges, and of no others", field="lines")
    parcel = Shipment(
        shipment_id=message.shipment_id,
        carrier=message.carrier,
        tracking_no=message.tracking_no,
        lines=as_lines(units),
        shipped_at=ctx.now,
    )
    sent = claim.model_copy(update={"status": ClaimStatus.EXCHANGE_REDELIVERING, "replacement": parcel})
    order = answered(order, "shipment", message.shipment_id, message)
    return changed(order, sent, ctx, partial(ReplacementShipped, claim=sent))


def finish_exchange(order: Order, message: FinishExchange, ctx: Context) -> Decision[Order]:
    permit(order, Move.FINISH_EXCHANGE, ctx)
    return finish(order, known_claim(order, message.claim_id, ctx), ctx)


def finish(order: Order, claim: Claim, ctx: Context) -> Decision[Order]:
    if claim.status is ClaimStatus.EXCHANGE_DONE:
        return Decision(order)
    claim = claim_to(order, Move.FINISH_EXCHANGE, claim.claim_id, ctx)
    assert claim.replacement is not None
    arrived = claim.replacement.model_copy(update={"delivered_at": ctx.now})
    done = claim.model_copy(update={"status": ClaimStatus.EXCHANGE_DONE, "closed_at": ctx.now, "replacement": arrived})
    return changed(order, done, ctx, partial(ClaimCompleted, claim=done))


def convert(order: Order, message: ConvertToReturn, ctx: Context) -> Decision[Order]:
    permit(order, Move.CONVERT_TO_RETURN, ctx)
    if known_claim(order, message.claim_id, ctx).converted_at is not None:
        return Decision(order)
    claim = claim_to(order, Move.CONVERT_TO_RETURN, message.claim_id, ctx)
    status = ClaimStatus.RETURN_REQUEST if claim.status is ClaimStatus.EXCHANGE_REQUEST else claim.status
    as_return = {"type": ClaimType.RETURN, "status": status, "converted_at": ctx.now, "replacement_stock": None}
    converted = claim.model_copy(update=as_return)
    return changed(order, converted, ctx, partial(ClaimConverted, claim=converted))


def claim_sending(state: OrderState, shipment_id: str) -> Claim | None:
    """The exchange whose replacement is in this parcel."""
    return next((c for c in state.claims if c.replacement and c.replacement.shipment_id == shipment_id), None)
