"""Holding a claim: a return or an exchange stands still until something is settled, such as who pays its shipping."""

from functools import partial

from services.orders.commands import HoldClaim, ReleaseClaim
from services.orders.domain.claims import changed
from services.orders.domain.moves import Move, claim_to, illegal, known_claim, permit
from services.orders.domain.order import Order, is_held
from shared.contracts.base import Money
from shared.contracts.order_state import Claim, ClaimType, Hold
from shared.contracts.orders import ClaimHeld, ClaimReleased
from shared.runtime.decision import Context, Decision, Invalid


def hold(order: Order, message: HoldClaim, ctx: Context) -> Decision[Order]:
    permit(order, Move.HOLD_CLAIM, ctx)
    known = known_claim(order, message.claim_id, ctx)
    charge = message.charge or _still_owed(known)
    if is_held(known) and known.hold and (known.hold.reason, known.hold.charge) == (message.reason, charge):
        return Decision(order)
    claim = claim_to(order, Move.HOLD_CLAIM, message.claim_id, ctx)
    if message.charge is not None and message.charge.currency != order.state.currency:
        raise Invalid(f"the order is in {order.state.currency}", field="charge.currency")
    held = claim.model_copy(update={"hold": Hold(reason=message.reason, charge=charge, held_at=ctx.now)})
    return changed(order, held, ctx, partial(ClaimHeld, claim=held))


def _still_owed(claim: Claim) -> Money | None:
    """The charge of an earlier hold; another hold that names none does not wipe it out."""
    return claim.hold.charge if claim.hold and not claim.hold.charge_settled else None


def release(order: Order, message: ReleaseClaim, ctx: Context) -> Decision[Order]:
    permit(order, Move.RELEASE_CLAIM, ctx)
    known = known_claim(order, message.claim_id, ctx)
    if known.hold and not is_held(known) and known.hold.charge_settled == message.charge_settled:
        return Decision(order)
    claim = claim_to(order, Move.RELEASE_CLAIM, message.claim_id, ctx)
    assert claim.hold is not None
    owed = _still_owed(claim)
    if claim.type is ClaimType.EXCHANGE and owed and not (owed.is_zero() or message.charge_settled):
        sentence = "an exchange pays nothing back to take the charge off: say that it is settled, or convert the claim"
        raise illegal(order, ctx, sentence, "charge_settled")
    ended = claim.hold.model_copy(update={"released_at": ctx.now, "charge_settled": message.charge_settled})
    released = claim.model_copy(update={"hold": ended})
    return changed(order, released, ctx, partial(ClaimReleased, claim=released))
