"""Orders as analytics hears of them: states built directly, and whole histories for hypothesis."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from shared.contracts.base import Money, utc_milliseconds
from shared.contracts.order_state import (
    LineState,
    OrderState,
    OrderStatus,
    Refund,
    RefundKind,
    RefundLine,
    RefundStatus,
)

ZONE = "Asia/Seoul"
PAID_AT = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
MONEY_BACK = (RefundKind.LATE_PAYMENT, RefundKind.DOUBLE_PAYMENT, RefundKind.AMOUNT_DIFFERS)


def krw(amount: int) -> Money:
    return Money(amount=amount, currency="KRW")


def a_line(line_id: str = "l1", product_id: str = "p1", **changes: Any) -> LineState:
    line = LineState(
        line_id=line_id,
        product_id=product_id,
        option_id="default",
        name=f"Product {product_id}",
        list_amount=krw(1000),
        discount_amount=krw(0),
        ordered=1,
    )
    return line.model_copy(update=changes)


def an_order(*lines: LineState, order_id: str = "ord_1", **changes: Any) -> OrderState:
    """Paid, unless told otherwise."""
    lines = lines or (a_line(),)
    fee = changes.get("shipping_fee", krw(0))
    goods = sum((line.list_amount - line.discount_amount).amount for line in lines)
    order = OrderState(
        order_id=order_id,
        channel="shop",
        currency="KRW",
        status=OrderStatus.PAYED,
        lines=lines,
        shipping_fee=fee,
        total=krw(goods + fee.amount),
        placed_at=PAID_AT,
        paid_at=PAID_AT,
    )
    return order.model_copy(update=changes)


def a_refund(*lines: RefundLine, **changes: Any) -> Refund:
    """Settled an hour after the payment, unless told otherwise."""
    shipping = changes.get("shipping_amount", krw(0))
    refund = Refund(
        refund_id="rf_1",
        kind=RefundKind.CANCEL,
        reason="INTENT_CHANGED",
        status=RefundStatus.SETTLED,
        amount=krw(sum(line.goods_amount.amount for line in lines) + shipping.amount),
        lines=lines,
        shipping_amount=shipping,
        requested_at=PAID_AT,
        settled_at=PAID_AT + timedelta(hours=1),
    )
    return refund.model_copy(update=changes)


def back(line_id: str = "l1", quantity: int = 1, amount: int = 1000) -> RefundLine:
    return RefundLine(line_id=line_id, quantity=quantity, goods_amount=krw(amount))


@st.composite
def histories(draw: st.DrawFn, order_id: str = "ord_1") -> list[OrderState]:
    """The states one order goes through: placed, paid or not, then refunds asked for, settled and failed."""
    lines = draw(st.lists(_lines(), min_size=1, max_size=4))
    lines = [line.model_copy(update={"line_id": f"l{n}"}) for n, line in enumerate(lines)]
    fee = krw(draw(st.sampled_from([0, 2500])))
    placed = an_order(*lines, order_id=order_id, shipping_fee=fee, paid_at=None, status=OrderStatus.PAYMENT_WAITING)
    states = [placed]
    if draw(st.booleans()):
        refund = a_refund(
            refund_id="rf_money", kind=draw(st.sampled_from(MONEY_BACK)), amount=krw(draw(st.integers(1, 9999)))
        )
        states.append(placed.model_copy(update={"refunds": (refund,)}))
    if draw(st.integers(0, 9)) == 0:
        return states
    paid_at = draw(_moments())
    states.append(states[-1].model_copy(update={"paid_at": paid_at, "status": OrderStatus.PAYED}))
    for refund in draw(_refunds(lines, fee, paid_at)):
        asked = refund.model_copy(update={"status": RefundStatus.REQUESTED, "settled_at": None})
        before = states[-1]
        states.append(before.model_copy(update={"refunds": (*before.refunds, asked)}))
        states.append(before.model_copy(update={"refunds": (*before.refunds, refund)}))
    return states


def sold(line: LineState, first: int, last: int) -> int:
    """What units first…last-1 of a line were paid for."""
    return (line.list_amount - line.discount_amount).units(first, last, line.ordered).amount


@st.composite
def _lines(draw: st.DrawFn) -> LineState:
    gross = draw(st.integers(0, 100_000))
    ordered = draw(st.integers(1, 7))
    return a_line(
        product_id=draw(st.sampled_from(["p1", "p2", "p3"])),
        ordered=ordered,
        cancelled_unpaid=draw(st.sampled_from([0, 0, 0, 1, ordered])) % (ordered + 1),
        list_amount=krw(gross),
        discount_amount=krw(draw(st.integers(0, gross))),
    )


@st.composite
def _refunds(draw: st.DrawFn, lines: Sequence[LineState], fee: Money, paid_at: datetime) -> list[Refund]:
    """Every sold unit comes back at most once, a part at a time; some refunds fail."""
    refunds = []
    gone = {line.line_id: line.cancelled_unpaid for line in lines}
    for n in range(draw(st.integers(0, 3))):
        taken = []
        for line in lines:
            first = gone[line.line_id]
            if first < line.ordered and draw(st.booleans()):
                last = draw(st.integers(first + 1, line.ordered))
                taken.append(back(line.line_id, last - first, sold(line, first, last)))
                gone[line.line_id] = last
        settled = draw(st.integers(0, 4)) > 0
        refunds.append(
            a_refund(
                *taken,
                refund_id=f"rf_{n}",
                kind=draw(st.sampled_from([RefundKind.CANCEL, RefundKind.RETURN, RefundKind.GOODWILL])),
                shipping_amount=fee if n == 0 else krw(0),
                status=RefundStatus.SETTLED if settled else RefundStatus.FAILED,
                settled_at=paid_at + timedelta(hours=draw(st.integers(0, 2000))) if settled else None,
            )
        )
    return refunds


def _moments() -> st.SearchStrategy[datetime]:
    moments = st.datetimes(datetime(2025, 11, 20), datetime(2026, 3, 10), timezones=st.just(UTC))
    return moments.map(utc_milliseconds)
