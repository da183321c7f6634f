"""paid = kept + refunded + due, of every order: whatever of its refunds fails, is tried again or is paid late.

Each part is counted by itself. What is kept comes from the units and the fee that are kept. Due is what refunds on
their way will give, and what failed ones still have to: as far as others have not given it since.
"""

from collections import Counter
from collections.abc import Iterator

from services.orders.domain.moves import Move, allowed_actions
from shared.contracts.order_state import LineState, OrderState, PaymentStatus, Refund, RefundKind, RefundStatus

NO_SALE = {RefundKind.LATE_PAYMENT, RefundKind.DOUBLE_PAYMENT, RefundKind.AMOUNT_DIFFERS}
FEE = ""
Amounts = Counter[str]
"""By line, and under FEE for the shipping."""


def misbooked(order: OrderState) -> Iterator[str]:
    yield from _parts_of_refunds(order)
    yield from _payments_that_were_no_sale(order)
    yield from _conserved(order)
    yield from _tried_again(order)


def withheld(before: OrderState, after: OrderState) -> Iterator[str]:
    """Units that are kept no longer give all that was paid for them and no refund has given, or is on its way to."""
    given = Amounts()
    for refund in after.refunds[len(before.refunds) :]:
        given.update(_parts(refund) if refund.kind in (RefundKind.CANCEL, RefundKind.RETURN) else {})
    ends = _is_all_cancelled(after) and not _is_all_cancelled(before)
    worth = {was.line_id: _kept_of(was) - _kept_of(now) for was, now in zip(before.lines, after.lines, strict=True)}
    owed = Amounts(worth | {FEE: after.shipping_fee.amount if ends or given[FEE] else 0}) & _left(before)
    if given != owed:
        yield f"owed {dict(owed)}, given {dict(given)}"


def _parts_of_refunds(order: OrderState) -> Iterator[str]:
    for refund in _sales(order):
        if any(amount < 0 for amount in _parts(refund).values()):
            yield f"refund {refund.refund_id} takes money"
        if refund.amount.amount != _parts(refund).total() - _charge(refund):
            yield f"refund {refund.refund_id} is not the sum of its parts"
    for part, amount in _left(order).items():
        if amount < 0:
            yield f"{f'line {part}' if part else 'shipping'}: more is refunded than was paid for it"


def _payments_that_were_no_sale(order: OrderState) -> Iterator[str]:
    back = [(refund.payment_id, refund.amount) for refund in order.refunds if refund.kind in NO_SALE]
    if back != [(p.payment_id, p.amount) for p in order.payments if p.status is PaymentStatus.REFUNDED]:
        yield "a payment that was no sale is given back whole, once"


def _conserved(order: OrderState) -> Iterator[str]:
    paid = sum(payment.amount.amount for payment in order.payments if payment.status is not PaymentStatus.FAILED)
    refunded = sum(refund.amount.amount for refund in order.refunds if refund.status is RefundStatus.SETTLED)
    failed, charged = _due_of_failed_sales(order)
    due = failed + sum(refund.amount.amount for refund in order.refunds if _is_due_whole(refund))
    kept = _kept(order) + charged
    if paid != kept + refunded + due:
        yield f"paid {paid}, kept {kept}, refunded {refunded}, due {due}"
    if kept and _is_all_cancelled(order):
        yield f"a whole cancel gives back all that was paid, and {kept} is kept"


def _tried_again(order: OrderState) -> Iterator[str]:
    left = _left(order)
    failed = [refund for refund in order.refunds if refund.status is RefundStatus.FAILED]
    owed = any(refund.kind in NO_SALE or _parts(refund) <= left for refund in failed)
    if owed != (Move.RETRY_REFUND in allowed_actions(order, "seller")):
        yield "a failed refund is tried again where nobody else was given its money, and only there"


def _is_due_whole(refund: Refund) -> bool:
    """Nothing else can give the money of a payment that was no sale."""
    failed = refund.status is RefundStatus.FAILED and refund.kind in NO_SALE
    return failed or refund.status is RefundStatus.REQUESTED


def _due_of_failed_sales(order: OrderState) -> tuple[int, int]:
    """What they still have to give, the oldest first, and what of it a charge keeps."""
    left, due, charged = _left(order), 0, 0
    for refund in _sales(order):
        if refund.status is RefundStatus.FAILED:
            still = _parts(refund) & left
            left -= still
            charge = min(_charge(refund), still.total())
            due, charged = due + still.total() - charge, charged + charge
    return due, charged


def _left(order: OrderState) -> Amounts:
    """Of what was paid: what no refund has given or is on its way to give."""
    if order.paid_at is None:
        return Amounts()
    left = Amounts({line.line_id: _paid_for(line) for line in order.lines} | {FEE: order.shipping_fee.amount})
    for refund in _sales(order):
        left.subtract(_parts(refund) if refund.status is not RefundStatus.FAILED else {})
    return left


def _kept(order: OrderState) -> int:
    """The units that are not cancelled or returned and the fee, as far as refunds leave them paid; and charges."""
    if order.paid_at is None:
        return 0
    taken = Amounts()
    for refund in _sales(order):
        taken.update(_parts(refund) if refund.kind is RefundKind.GOODWILL else {FEE: refund.shipping_amount.amount})
    worth = Amounts({line.line_id: _kept_of(line) for line in order.lines} | {FEE: order.shipping_fee.amount})
    charges = sum(_charge(refund) for refund in _sales(order) if refund.status is not RefundStatus.FAILED)
    return (worth - taken).total() + charges


def _is_all_cancelled(order: OrderState) -> bool:
    return all(line.cancelled == line.ordered for line in order.lines)


def _kept_of(line: LineState) -> int:
    """Cancels take a line's units from its first on, returns from its last."""
    value = line.list_amount - line.discount_amount
    return value.units(line.cancelled, line.ordered - line.returned, line.ordered).amount


def _paid_for(line: LineState) -> int:
    value = line.list_amount.amount - line.discount_amount.amount
    return value - value * line.cancelled_unpaid // line.ordered


def _sales(order: OrderState) -> list[Refund]:
    return [refund for refund in order.refunds if refund.kind not in NO_SALE]


def _parts(refund: Refund) -> Amounts:
    lines = {part.line_id: part.goods_amount.amount for part in refund.lines}
    return Amounts(lines | {FEE: refund.shipping_amount.amount})


def _charge(refund: Refund) -> int:
    return refund.charge.amount if refund.charge else 0
