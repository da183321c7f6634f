from dataclasses import dataclass
from datetime import date

import polars as pl

from deploy.replay.refusal import ReplayRefused


@dataclass(frozen=True)
class Period:
    """The placing days meant, in the store's zone, both ends included; None is open."""

    first: date | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        if self.first and self.last and self.first > self.last:
            raise ReplayRefused(f"The period ends on {self.last}, before it starts on {self.first}.")

    def has(self, day: pl.Expr) -> pl.Expr:
        return day.is_between(self.first or date.min, self.last or date.max)

    def __str__(self) -> str:
        match (self.first, self.last):
            case (None, None):
                return "the whole file"
            case (first, None):
                return f"{first} and later"
            case (None, last):
                return f"up to {last}"
            case (first, last):
                return f"{first} to {last}"
