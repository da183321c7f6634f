"""Analytics in memory: the real table, the real core of the runtime, and what is in the books afterwards."""

from collections import Counter
from collections.abc import Iterable

from services.analytics.handlers import TABLE
from services.analytics.ledger import LedgerRow
from services.analytics.projections import LEDGER
from services.analytics.repository import ORDER_FACTS
from services.analytics.rollups import COLLECTION as ROLLUPS
from services.analytics.rollups import tallies
from services.analytics.settings import Settings
from shared.contracts.envelope import Envelope
from shared.contracts.order_state import OrderState
from shared.contracts.orders import OrderReserved
from tests.support.memory import MemoryRuntime, event_envelope

Sums = Counter[tuple[str, str, str]]
"""By product (empty: the store), month and path, over all partitions."""


def some_books() -> MemoryRuntime:
    return MemoryRuntime("analytics", TABLE, [ORDER_FACTS], Settings(store_currency="KRW"))


def told(order: OrderState, sequence: int) -> Envelope:
    """Every event carries the state, so any type will do."""
    return event_envelope(OrderReserved(order=order), order.order_id, sequence)


def rows_in(books: MemoryRuntime) -> dict[str, LedgerRow]:
    return {id: LedgerRow.model_validate(row) for id, row in books.rows.get(LEDGER, {}).items()}


def rollups_in(books: MemoryRuntime) -> Sums:
    sums: Sums = Counter()
    for document in books.tallies.get(ROLLUPS, {}).values():
        for path, amount in document.items():
            if "." in path:
                sums[document["product_id"] or "", document["month"], path] += amount
    return sums


def rollups_from(rows: Iterable[LedgerRow]) -> Sums:
    sums: Sums = Counter()
    for tally in tallies(rows, "rebuilt"):
        for path, amount in tally.add.items():
            sums[tally.labels["product_id"] or "", tally.labels["month"], path] += amount
    return sums
