"""What an order contributes to sales, as immutable signed rows: one per line and sale, cancel, return and goodwill.

A sale counts when it is paid, without the units that were cancelled before: those were never sold. A refund counts
when it is settled, and only if it reverses a sale: refunds of late, double or differing payments never do. Besides
the rows of its lines, each sale and each refund has one row of its own, without a line: it carries the shipping, which
stays apart from gross and net.

The rows of a later state include those of every earlier one, and a row never changes. So whoever adds the rows that
are not there yet arrives at the same ledger whatever was repeated, missed or late.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.analytics.buckets import day_of
from shared.contracts.base import Contract
from shared.contracts.order_state import LineState, OrderState, Refund, RefundKind, RefundStatus


class RowKind(StrEnum):
    SALE = "SALE"
    CANCEL = "CANCEL"
    RETURN = "RETURN"
    GOODWILL = "GOODWILL"


REVERSALS = frozenset({RefundKind.CANCEL, RefundKind.RETURN, RefundKind.GOODWILL})


class LedgerRow(Contract):
    """Amounts in minor units; units and amounts are negative where they take a sale back."""

    order_id: str
    refund_id: str | None = None
    line_id: str | None = None
    """None on the row of the sale or refund itself."""
    product_id: str | None = None
    name: str | None = None
    """The product's, as it was sold."""
    kind: RowKind
    reason: str | None = None
    counted: int = 0
    """1 on the row that stands for its sale or refund when those are counted: for the store the one without a line,
    for a product the first of its lines."""
    units: int = 0
    list_amount: int = 0
    discount_amount: int = 0
    net_amount: int = 0
    """list − discount of a sale, − the goods' value of a refund."""
    shipping_amount: int = 0
    currency: str
    paid_at: datetime
    paid_day: str
    occurred_at: datetime
    """When it was paid, or the refund settled."""
    event_day: str
    """Like `paid_day`, a day of the store's zone."""

    @property
    def row_id(self) -> str:
        """No id on the wire is empty or holds a slash, so no two rows share one."""
        return f"{self.order_id}/{self.refund_id or ''}/{self.line_id or ''}"

    def document(self) -> dict[str, Any]:
        return {**self.model_dump(), "kind": self.kind.value}


def ledger(order: OrderState, zone: str) -> list[LedgerRow]:
    """Everything the order has contributed as of this state."""
    return [*sale(order, zone), *(row for refund in reversals(order) for row in reversal(order, refund, zone))]


def sale(order: OrderState, zone: str) -> list[LedgerRow]:
    if order.paid_at is None:
        return []
    sold = _sold(order, order.paid_at, zone)
    lines = [line for line in order.lines if line.cancelled_unpaid < line.ordered]
    return [
        LedgerRow(**sold, counted=1, shipping_amount=order.shipping_fee.amount),
        *(LedgerRow(**sold, **_naming(line), counted=counted, **_value(line)) for line, counted in _counting(lines)),
    ]


def reversals(order: OrderState) -> list[Refund]:
    """The refunds that take a sale back, as far as they are settled."""
    if order.paid_at is None:
        return []
    return [refund for refund in order.refunds if refund.status is RefundStatus.SETTLED and refund.kind in REVERSALS]


def reversal(order: OrderState, refund: Refund, zone: str) -> list[LedgerRow]:
    """The rows of one of the order's `reversals`."""
    assert order.paid_at is not None
    assert refund.settled_at is not None
    back = _sold(order, order.paid_at, zone) | {
        "kind": RowKind(refund.kind.value),
        "refund_id": refund.refund_id,
        "reason": refund.reason,
        "occurred_at": refund.settled_at,
        "event_day": day_of(refund.settled_at, zone),
    }
    taken = _by_line(refund)
    ordered = {line.line_id: line for line in order.lines}
    return [
        LedgerRow(**back, counted=1, shipping_amount=_fees(refund)),
        *(
            LedgerRow(
                **back,
                **_naming(line),
                counted=counted,
                units=-taken[line.line_id][0],
                net_amount=-taken[line.line_id][1],
            )
            for line, counted in _counting(ordered[line_id] for line_id in taken)
        ),
    ]


def _fees(refund: Refund) -> int:
    """The shipping given back, less what the customer owed for the return."""
    return (refund.charge.amount if refund.charge else 0) - refund.shipping_amount.amount


def _sold(order: OrderState, paid_at: datetime, zone: str) -> dict[str, Any]:
    """What all rows of the order have in common, unless they take it back."""
    day = day_of(paid_at, zone)
    return {
        "order_id": order.order_id,
        "kind": RowKind.SALE,
        "currency": order.currency,
        "paid_at": paid_at,
        "paid_day": day,
        "occurred_at": paid_at,
        "event_day": day,
    }


def _naming(line: LineState) -> dict[str, Any]:
    return {"line_id": line.line_id, "product_id": line.product_id, "name": line.name}


def _value(line: LineState) -> dict[str, int]:
    """Of the units sold. The discount is what is left between list and net, so that the payment is met exactly."""
    gross, net = line.list_amount, line.list_amount - line.discount_amount
    if line.cancelled_unpaid:
        gross, net = (amount.units(line.cancelled_unpaid, line.ordered, line.ordered) for amount in (gross, net))
    return {
        "units": line.ordered - line.cancelled_unpaid,
        "list_amount": gross.amount,
        "discount_amount": gross.amount - net.amount,
        "net_amount": net.amount,
    }


def _counting(lines: Iterable[LineState]) -> list[tuple[LineState, int]]:
    """Each line with 1 if it is the first of its product."""
    first: dict[str, str] = {}
    return [(line, int(first.setdefault(line.product_id, line.line_id) == line.line_id)) for line in lines]


def _by_line(refund: Refund) -> dict[str, tuple[int, int]]:
    """Units and goods amount; a refund may name a line twice."""
    sums: dict[str, tuple[int, int]] = {}
    for line in refund.lines:
        units, amount = sums.get(line.line_id, (0, 0))
        sums[line.line_id] = (units + line.quantity, amount + line.goods_amount.amount)
    return sums
