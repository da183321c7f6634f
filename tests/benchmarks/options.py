from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """What a run may change to be shorter, or longer."""

    days: int = 14
    """Of real baskets."""
    year_days: int = 365
    """Of the same, for the part that is about a whole year."""
    rounds: int = 3
    """Contenders take turns so often; the median counts."""
    seconds: float = 30.0
    """How long a steady load lasts."""
    minutes: float = 10.0
    """How long the soak lasts."""
