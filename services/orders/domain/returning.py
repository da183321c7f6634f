"""Returning: goods come back, are counted, and are paid back."""

from datetime import timedelta
from functools import partial

from services.orders.domain.amounts import SELLERS_FAULT
from services.orders.domain.arriving import arrivals, arrived
from services.orders.domain.claims import changed, with_claim
from services.orders.domain.moves import Move, claim_to, illegal, known_claim, not_yet, permit
from services.orders.domain.order import Order, as_units
from services.orders.domain.policy import policy
from services.orders.domain.refunding import refund_of_returned
from shared.contracts.inbox_orders import ParcelCollected, PickupStarted
from shared.contracts.order_state import Claim, ClaimLine, ClaimStatus, ClaimType, Pickup, RefundStatus
from shared.contracts.orders import ClaimCollected, ClaimCollecting, ClaimCompleted, RefundRequested, RefundSettled
from shared.runtime.decision import Announcement, Context, Decision, Invalid


def check_window(order: Order, claim: Claim, ctx: Context, *, named: bool) -> None:
    """A change of mind has some days from the delivery on, for each unit its own, and of a replacement too.

    Claims do not name parcels: of a line as many units can be asked back as are on their way, or came not too long ago.
    A fault of the seller's is claimed as long as the purchase is not decided.
    """
    if claim.reason in SELLERS_FAULT:
        return
    window = timedelta(days=policy(ctx).return_within_days)
    lines = {line.line_id: line for line in order.state.lines}
    for position, part in enumerate(claim.lines):
        line, came = lines[part.line_id], arrivals(part.line_id, order.state)
        on_their_way = line.shipped - arrived(line, order.state)
        in_time = on_their_way + sum(units for at, units in came if ctx.now <= at + window)
        if part.quantity > in_time:
            end = (max(at for at, _ in came if ctx.now > at + window) + window).isoformat()
            sentence = f"line {line.line_id}: {in_time} units may still be asked back, the others' time ended at {end}"
            raise illegal(order, ctx, sentence, f"lines.{position}" if named else "lines")


def start_pickup(order: Order, message: PickupStarted, ctx: Context) -> Decision[Order]:
    """Or its carrier and number are corrected; an earlier word on them told late, or again, changes nothing."""
    permit(order, Move.START_PICKUP, ctx)
    known = known_claim(order, message.claim_id, ctx).pickup
    told = Pickup(carrier=message.carrier, tracking_no=message.tracking_no, started_at=ctx.now)
    if known and (_tracking(known) == _tracking(told) or ctx.now <= (known.tracked_at or known.started_at)):
        return Decision(order)
    claim = claim_to(order, Move.START_PICKUP, message.claim_id, ctx)
    pickup = told.model_copy(update={"started_at": known.started_at, "tracked_at": ctx.now}) if known else told
    collecting = claim.model_copy(update={"status": ClaimStatus.COLLECTING, "pickup": pickup})
    return changed(order, collecting, ctx, partial(ClaimCollecting, claim=collecting))


def _tracking(pickup: Pickup) -> tuple[str | None, str | None]:
    return pickup.carrier, pickup.tracking_no


def collect(order: Order, message: ParcelCollected, ctx: Context) -> Decision[Order]:
    permit(order, Move.COLLECT, ctx)
    known = known_claim(order, message.claim_id, ctx)
    lines = _counted(known, message)
    if known.collected_at is not None and known.lines == lines:
        return Decision(order)
    claim = claim_to(order, Move.COLLECT, message.claim_id, ctx)
    collected = claim.model_copy(
        update={"status": ClaimStatus.COLLECT_DONE, "lines": lines, "collected_at": ctx.now},
    )
    return changed(order, collected, ctx, partial(ClaimCollected, claim=collected))


def check_collected(order: Order, claim: Claim, ctx: Context, *, waived: bool) -> None:
    if claim.type is not ClaimType.CANCEL and claim.status is not ClaimStatus.COLLECT_DONE and not waived:
        sentence = f"the goods of claim {claim.claim_id} are not back: wait for them, or waive the pick-up"
        raise not_yet(order, ctx, sentence, "waive_pickup")


def grant(order: Order, claim: Claim, ctx: Context) -> tuple[Order, list[Announcement]]:
    """Closes the claim and gives the money back; good units go back on the shelf."""
    done = claim.model_copy(update={"status": ClaimStatus.RETURN_DONE, "closed_at": ctx.now})
    after = with_claim(order, done, ctx)
    refund = refund_of_returned(order.state, after.state, done, ctx)
    if refund is None:
        return after, [partial(ClaimCompleted, claim=done)]
    done = done.model_copy(update={"refund_id": refund.refund_id})
    refunds = (*order.state.refunds, refund)
    after = with_claim(order, done, ctx, refunds=refunds)
    told = RefundSettled if refund.status is RefundStatus.SETTLED else RefundRequested
    return after, [partial(ClaimCompleted, claim=done), partial(told, refund=refund)]


def _counted(claim: Claim, message: ParcelCollected) -> tuple[ClaimLine, ...]:
    """The claim's lines with what came back of each; every unit is either good or damaged."""
    if message.lines is None:
        return tuple(line.model_copy(update={"good": line.quantity, "damaged": 0}) for line in claim.lines)
    found = {line.line_id: line for line in message.lines}
    asked = as_units(claim.lines)
    for position, line in enumerate(message.lines):
        if line.good + line.damaged != asked.get(line.line_id, 0):
            sentence = f"line {line.line_id}: {asked.get(line.line_id, 0)} units are asked back"
            raise Invalid(sentence, field=f"lines.{position}")
    if missing := asked.keys() - found.keys():
        raise Invalid(f"line {min(missing)} is asked back too", field="lines")
    return tuple(
        line.model_copy(update={"good": found[line.line_id].good, "damaged": found[line.line_id].damaged})
        for line in claim.lines
    )
