"""An order of which one claim is another one now."""

from typing import Any

from services.orders.domain.order import Order
from shared.contracts.order_state import Claim
from shared.runtime.decision import Announcement, Context, Decision


def with_claim(order: Order, changed: Claim, ctx: Context, **others: Any) -> Order:
    claims = tuple(changed if claim.claim_id == changed.claim_id else claim for claim in order.state.claims)
    return order.now(ctx, claims=claims, **others)


def changed(order: Order, claim: Claim, ctx: Context, *events: Announcement) -> Decision[Order]:
    return Decision(with_claim(order, claim, ctx), events)
