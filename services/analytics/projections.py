"""Order events become ledger rows and rollups: whatever an order's state has to book that is not booked yet."""

from services.analytics.ledger import LedgerRow, reversal, reversals, sale
from services.analytics.rollups import tallies
from services.analytics.settings import Settings
from shared.contracts.base import Contract
from shared.contracts.orders import OrderEvent
from shared.runtime.decision import Context, Decision, Invalid, Row

LEDGER = "ledger"
GROUP = "analytics.sales.v1"
"""Of the consumers. Frozen: under another name history is read anew."""


class OrderFacts(Contract):
    """What is booked of an order."""

    sale: bool = False
    refunds: tuple[str, ...] = ()


def project(facts: OrderFacts | None, event: OrderEvent, ctx: Context) -> Decision[OrderFacts] | None:
    order, policy = event.order, _policy(ctx)
    if order.currency != policy.store_currency:
        raise Invalid(f"sales are in {policy.store_currency}, not {order.currency}", field="order.currency")
    facts = facts or OrderFacts()
    unbooked = [refund for refund in reversals(order) if refund.refund_id not in facts.refunds]
    rows = [] if facts.sale else sale(order, policy.store_timezone)
    rows += [row for refund in unbooked for row in reversal(order, refund, policy.store_timezone)]
    if not rows:
        return None
    booked = OrderFacts(sale=True, refunds=(*facts.refunds, *(refund.refund_id for refund in unbooked)))
    return Decision(booked, rows=[_insert(row) for row in rows], tallies=tallies(rows, str(ctx.partition)))


def _policy(ctx: Context) -> Settings:
    policy: Settings = ctx.policy
    return policy


def _insert(row: LedgerRow) -> Row:
    return Row(LEDGER, row.row_id, row.document())
