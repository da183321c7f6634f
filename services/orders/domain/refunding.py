"""Refunding: money goes back, the provider answers, and the seller may give more or try again."""

from collections.abc import Sequence
from functools import partial

from services.orders.commands import RetryRefund
from services.orders.domain.amounts import left, of_cancelled, of_returned, sale_payment_id
from services.orders.domain.moves import Move, illegal, permit, require, unknown
from services.orders.domain.order import Order, Units
from services.orders.domain.repeats import answered, is_repeat
from services.orders.domain.room import is_full
from services.orders.domain.units import check_named
from shared.contracts.base import Money
from shared.contracts.inbox_orders import RefundAnswer, RefundDeclined, RefundPaid, RefundSubmitted
from shared.contracts.order_state import (
    Claim,
    ClaimStatus,
    OrderState,
    Reason,
    Refund,
    RefundKind,
    RefundLine,
    RefundStatus,
)
from shared.contracts.orders import RefundFailed, RefundRequested, RefundSettled
from shared.runtime.decision import Context, Decision, Invalid

REFUNDED = (ClaimStatus.CANCEL_DONE, ClaimStatus.RETURN_DONE)


def refund_of_cancelled(
    before: OrderState, after: OrderState, units: Units, reason: Reason, claim_id: str | None, ctx: Context
) -> Refund | None:
    """None where nothing was paid for the units."""
    lines, shipping = of_cancelled(before, after, units, reason)
    refund = _refund(before, RefundKind.CANCEL, ctx.new_id("rfd"), reason, lines, shipping, ctx)
    return None if refund.amount.is_zero() else refund.model_copy(update={"claim_id": claim_id})


def refund_of_returned(before: OrderState, after: OrderState, claim: Claim, ctx: Context) -> Refund | None:
    """None where the units were worth nothing. One that a charge takes whole is settled at once: nobody has to pay."""
    lines, shipping = of_returned(before, after, claim)
    refund = _refund(before, RefundKind.RETURN, ctx.new_id("rfd"), claim.reason, lines, shipping, ctx)
    if refund.amount.is_zero():
        return None
    owed = _owed(claim, refund.amount)
    charged = {} if owed.is_zero() else {"charge": owed}
    settled = {"status": RefundStatus.SETTLED, "settled_at": ctx.now} if owed == refund.amount else {}
    with_claim = {"claim_id": claim.claim_id, "amount": refund.amount - owed}
    return refund.model_copy(update=with_claim | charged | settled)


def _owed(claim: Claim, amount: Money) -> Money:
    """What is taken off: the charge of a hold that nobody has settled, as far as there is money to take it off."""
    charge = claim.hold.charge if claim.hold and not claim.hold.charge_settled else None
    return Money(amount=min(charge.amount if charge else 0, amount.amount), currency=amount.currency)


def give_goodwill(order: Order, message: RefundSubmitted, ctx: Context) -> Decision[Order]:
    """Money back without goods back, within what was paid for the line and for shipping."""
    permit(order, Move.REFUND, ctx)
    if is_repeat(order, "refund", message.refund_id, message, ctx):
        return Decision(order)
    _check_goodwill(order, message)
    require(order, Move.REFUND, ctx)
    if any(known.refund_id == message.refund_id for known in order.state.refunds):
        raise illegal(order, ctx, f"refund {message.refund_id} is another one", "refund_id")
    _check_units(order, message, ctx)
    lines = tuple(
        RefundLine(line_id=line.line_id, quantity=line.quantity, goods_amount=line.goods_amount)
        for line in message.lines
    )
    if field := left(order.state).exceeded_by(lines, message.shipping_amount):
        raise illegal(order, ctx, "more than what is left of what was paid for it", field)
    refund = _refund(
        order.state, RefundKind.GOODWILL, message.refund_id, message.reason, lines, message.shipping_amount, ctx
    )
    known = answered(order, "refund", refund.refund_id, message)
    given = known.now(ctx, refunds=(*order.state.refunds, refund))
    if is_full(given.state):
        raise illegal(order, ctx, "the order has no room for another refund", "refund_id")
    return Decision(given, [partial(RefundRequested, refund=refund)])


def settle(order: Order, message: RefundPaid, ctx: Context) -> Decision[Order]:
    """The money is with the customer; also where an earlier answer said that it failed."""
    permit(order, Move.ANSWER_REFUND, ctx)
    refund = _meant(order, message, ctx)
    if refund.status is RefundStatus.SETTLED:
        return Decision(order)
    if refund.status is RefundStatus.FAILED:
        _check_covered(order, refund, _named_by(message), ctx)
    settled = refund.model_copy(update={"status": RefundStatus.SETTLED, "settled_at": ctx.now, "error_code": None})
    return Decision(_with(order, settled, ctx), [partial(RefundSettled, refund=settled)])


def fail(order: Order, message: RefundDeclined, ctx: Context) -> Decision[Order]:
    permit(order, Move.ANSWER_REFUND, ctx)
    refund = _meant(order, message, ctx)
    if (refund.status, refund.error_code) == (RefundStatus.FAILED, message.error_code):
        return Decision(order)
    if refund.failed_at is not None and ctx.now <= refund.failed_at:
        return Decision(order)
    if refund.status is not RefundStatus.REQUESTED:
        raise illegal(order, ctx, f"refund {refund.refund_id} is {refund.status}", _named_by(message))
    failed = refund.model_copy(
        update={"status": RefundStatus.FAILED, "failed_at": ctx.now, "error_code": message.error_code}
    )
    return Decision(_with(order, failed, ctx), [partial(RefundFailed, refund=failed)])


def retry(order: Order, message: RetryRefund, ctx: Context) -> Decision[Order]:
    permit(order, Move.RETRY_REFUND, ctx)
    refund = _by_id(order.state, message.refund_id)
    if refund is None:
        raise unknown(order, ctx, f"refund {message.refund_id} is not known", "refund_id")
    if refund.status is not RefundStatus.FAILED:
        raise illegal(order, ctx, f"refund {refund.refund_id} is {refund.status}", "refund_id")
    _check_covered(order, refund, "refund_id", ctx)
    again = refund.model_copy(
        update={"status": RefundStatus.REQUESTED, "error_code": None, "attempts": refund.attempts + 1}
    )
    return Decision(_with(order, again, ctx), [partial(RefundRequested, refund=again)])


def _refund(
    state: OrderState,
    kind: RefundKind,
    refund_id: str,
    reason: str,
    lines: Sequence[RefundLine],
    shipping: Money,
    ctx: Context,
) -> Refund:
    amount = sum(line.goods_amount.amount for line in lines) + shipping.amount
    return Refund(
        refund_id=refund_id,
        kind=kind,
        reason=reason,
        status=RefundStatus.REQUESTED,
        amount=Money(amount=amount, currency=state.currency),
        lines=tuple(lines),
        shipping_amount=shipping,
        payment_id=sale_payment_id(state),
        requested_at=ctx.now,
    )


def _meant(order: Order, message: RefundAnswer, ctx: Context) -> Refund:
    """The refund an answer names by its own id or by its claim's."""
    refund_id = message.refund_id
    if message.claim_id is not None:
        claim = next((claim for claim in order.state.claims if claim.claim_id == message.claim_id), None)
        refund_id = _refund_id_of(order, claim, ctx)
    refund = None if refund_id is None else _by_id(order.state, refund_id)
    if refund is None:
        raise unknown(order, ctx, "the refund is not known", _named_by(message))
    return refund


def _named_by(message: RefundAnswer) -> str:
    return "refund_id" if message.claim_id is None else "claim_id"


def _refund_id_of(order: Order, claim: Claim | None, ctx: Context) -> str | None:
    """None while there may still be one: the claim is open, or the payment that it gives back is not told yet."""
    if claim is None or claim.closed_at is None:
        return None
    if claim.refund_id is not None:
        return claim.refund_id
    if claim.status not in REFUNDED:
        raise illegal(order, ctx, f"claim {claim.claim_id} is {claim.status}", "claim_id")
    if order.state.paid_at is not None:
        raise illegal(order, ctx, f"claim {claim.claim_id} owed no money", "claim_id")
    return None


def _by_id(state: OrderState, refund_id: str) -> Refund | None:
    return next((refund for refund in state.refunds if refund.refund_id == refund_id), None)


def _check_goodwill(order: Order, message: RefundSubmitted) -> None:
    check_named(order, message.lines)
    amounts = [line.goods_amount for line in message.lines]
    for position, amount in enumerate(amounts):
        if amount.currency != order.state.currency:
            raise Invalid(f"the order is in {order.state.currency}", field=f"lines.{position}.goods_amount.currency")
    if message.shipping_amount.currency != order.state.currency:
        raise Invalid(f"the order is in {order.state.currency}", field="shipping_amount.currency")
    if not any(amount.amount for amount in (*amounts, message.shipping_amount)):
        raise Invalid("a refund of nothing is no refund", field="lines")


def _check_units(order: Order, message: RefundSubmitted, ctx: Context) -> None:
    units = left(order.state).units
    for position, line in enumerate(message.lines):
        if line.quantity > units[line.line_id]:
            sentence = f"line {line.line_id}: {units[line.line_id]} units are not cancelled, returned or given back yet"
            raise illegal(order, ctx, sentence, f"lines.{position}.quantity")


def _check_covered(order: Order, refund: Refund, field: str, ctx: Context) -> None:
    if left(order.state).exceeded(refund):
        sentence = f"what refund {refund.refund_id} was to give has been given by others since"
        raise illegal(order, ctx, sentence, field)


def _with(order: Order, refund: Refund, ctx: Context) -> Order:
    refunds = tuple(refund if known.refund_id == refund.refund_id else known for known in order.state.refunds)
    return order.now(ctx, refunds=refunds)
