"""Money came, or did not. What came and is not this order's price is kept on record and given back."""

from functools import partial
from operator import attrgetter

from services.orders.domain.moves import Move, illegal, permit
from services.orders.domain.order import Order, is_cancelled
from services.orders.domain.overtaken import before, cancelled_again, overtaken_cancels
from services.orders.domain.repeats import answered, is_repeat
from shared.contracts.base import Money
from shared.contracts.inbox_orders import PaymentCaptured, PaymentDeclined
from shared.contracts.order_state import Claim, OrderState, Payment, PaymentStatus, Refund, RefundKind, RefundStatus
from shared.contracts.orders import OrderPaid, PaymentFailed, RefundRequested
from shared.runtime.decision import Context, Decision, Invalid

MAX_FAILED = 50


def capture(order: Order, message: PaymentCaptured, ctx: Context) -> Decision[Order]:
    """Pays the order, or is refunded: too late, a second time, or another amount than the one due."""
    permit(order, Move.PAY, ctx)
    captured = {known.payment_id for known in _captured(order.state)}  # old orders remember declines as answered, too
    if message.payment_id in captured and is_repeat(order, "payment", message.payment_id, message, ctx):
        return Decision(order)
    _check_amount(order, message.amount)
    if message.amount.is_zero():
        raise Invalid("a payment of nothing is no payment", field="amount.amount")
    order = answered(order, "payment", message.payment_id, message)
    unwelcome = _no_sale(order.state, message.amount)
    if unwelcome is None:
        return _pay(order, message, ctx)
    overtaken = overtaken_cancels(order, ctx)
    order_then = before(order, overtaken, ctx)
    if _no_sale(order_then.state, message.amount) is None:
        return _pay(order_then, message, ctx, overtaken)
    return _give_back(order, message, unwelcome, ctx)


def decline(order: Order, message: PaymentDeclined, ctx: Context) -> Decision[Order]:
    """An attempt is kept with its error code, whatever became of the order meanwhile, until many others have failed.

    Providers keep a payment's id while its customer tries again, so it may still be captured under that id.
    """
    permit(order, Move.PAY, ctx)
    payment = _payment(message, PaymentStatus.FAILED, message.error_code, ctx)
    if any(known.model_copy(update={"at": payment.at}) == payment for known in order.state.payments):
        return Decision(order)
    if any(known.payment_id == payment.payment_id and known.at <= payment.at for known in _captured(order.state)):
        raise illegal(order, ctx, f"payment {payment.payment_id} was captured before", "payment_id")
    _check_amount(order, message.amount)
    payments = _latest((*order.state.payments, payment))
    if payments[-1] is not payment:
        return Decision(order)
    return Decision(order.now(ctx, payments=payments), [partial(PaymentFailed, payment=payment)])


def _latest(payments: tuple[Payment, ...]) -> tuple[Payment, ...]:
    """Of failed attempts: who tries many cards on an order must not fill it up."""
    failed = [payment for payment in payments if payment.status is PaymentStatus.FAILED]
    dropped = sorted(failed, key=attrgetter("at"))[:-MAX_FAILED]
    return tuple(payment for payment in payments if payment not in dropped)


def _captured(state: OrderState) -> list[Payment]:
    return [payment for payment in state.payments if payment.status is not PaymentStatus.FAILED]


def _pay(order: Order, message: PaymentCaptured, ctx: Context, overtaken: tuple[Claim, ...] = ()) -> Decision[Order]:
    payment = _payment(message, PaymentStatus.CAPTURED, None, ctx)
    paid = order.now(ctx, payments=(*order.state.payments, payment), paid_at=ctx.now)
    after, refunds = cancelled_again(paid, overtaken, ctx)
    return Decision(after, [partial(OrderPaid, payment=payment), *refunds])


def _no_sale(state: OrderState, amount: Money) -> RefundKind | None:
    if any(payment.status is PaymentStatus.CAPTURED for payment in state.payments):
        return RefundKind.DOUBLE_PAYMENT
    if is_cancelled(state):
        return RefundKind.LATE_PAYMENT
    if state.paid_at is not None or amount != state.amount_due:
        return RefundKind.AMOUNT_DIFFERS
    return None


def _give_back(order: Order, message: PaymentCaptured, kind: RefundKind, ctx: Context) -> Decision[Order]:
    payment = _payment(message, PaymentStatus.REFUNDED, kind, ctx)
    refund = Refund(
        refund_id=ctx.new_id("rfd"),
        kind=kind,
        reason=kind,
        status=RefundStatus.REQUESTED,
        amount=message.amount,
        shipping_amount=Money(amount=0, currency=message.amount.currency),
        payment_id=message.payment_id,
        requested_at=ctx.now,
    )
    state = order.state
    recorded = order.now(ctx, payments=(*state.payments, payment), refunds=(*state.refunds, refund))
    return Decision(recorded, [partial(RefundRequested, refund=refund)])


def _payment(
    message: PaymentCaptured | PaymentDeclined, status: PaymentStatus, error_code: str | None, ctx: Context
) -> Payment:
    return Payment(
        payment_id=message.payment_id,
        amount=message.amount,
        status=status,
        method=message.method,
        error_code=error_code,
        at=ctx.now,
    )


def _check_amount(order: Order, amount: Money) -> None:
    if amount.currency != order.state.currency:
        raise Invalid(f"the order is in {order.state.currency}", field="amount.currency")
