"""An order is at most what one event can carry, for each carries its whole state.

So it takes on nothing new that leaves no room for what must still happen to it: payments, parcels, answers and ends are
facts, and they have to fit.
"""

from services.orders.domain.order import open_claims
from shared.contracts.base import Contract
from shared.contracts.order_state import OrderState

AT_PLACING = 400_000
"""Bytes, as published; an event may have 900,000."""
MANY_LINES = 100
"""Fewer take less than that, however long their names are."""
WITH_WHAT_IS_OPEN = 600_000


def is_too_large_to_place(state: OrderState) -> bool:
    return len(state.lines) > MANY_LINES and _bytes(state) > AT_PLACING


def is_full(state: OrderState) -> bool:
    """An open claim counts twice: granted, it comes with a refund of as many lines."""
    return _bytes(state) + sum(map(_bytes, open_claims(state))) > WITH_WHAT_IS_OPEN


def _bytes(of: Contract) -> int:
    return len(of.model_dump_json().encode())
