"""What the services have to say about a source's orders, computed from its files alone."""

from dataclasses import dataclass

import polars as pl

from deploy.replay.period import Period
from deploy.replay.refusal import ReplayRefused


@dataclass(frozen=True)
class Expected:
    period: Period
    bookings: pl.DataFrame
    """Of the ledger: `figures.BOOKING`."""
    states: pl.DataFrame
    """An order's `state`, and its `row`: what the files call it. `why` where the one does not follow from the other."""
    units: pl.DataFrame
    """Per order and product: `reserved`, `shipped` and `restocked`."""
    brought: pl.DataFrame
    """Units per product, of the whole file."""

    def __post_init__(self) -> None:
        if self.states.is_empty():
            raise ReplayRefused(f"No order was placed in {self.period}.")
