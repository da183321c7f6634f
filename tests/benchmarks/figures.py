"""Figures with the goals they have to meet, as a table for people and as JSON for the next comparison."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from rich.table import Table


@dataclass(frozen=True)
class Goal:
    least: float | None = None
    most: float | None = None

    def met_by(self, value: float) -> bool:
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def __str__(self) -> str:
        bounds = (("≥", self.least), ("≤", self.most))
        return " ".join(f"{sign} {bound:,g}" for sign, bound in bounds if bound is not None)


@dataclass(frozen=True)
class Figure:
    name: str
    value: float
    unit: str
    goal: Goal | None = None

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else self.goal.met_by(self.value)

    @property
    def shown(self) -> str:
        """Three digits that mean something, whatever the size."""
        digits = 0 if abs(self.value) >= 100 else 1 if abs(self.value) >= 10 else 2
        return f"{self.value:,.{digits}f}"


@dataclass(frozen=True)
class Result:
    part: str
    figures: Sequence[Figure]
    seconds: float
    load: float
    """The machine's when it began: where it is not small, somebody else was at work."""
    pace: float
    """Milliseconds of a fixed piece of work when it began."""

    def document(self) -> dict[str, Any]:
        figures = [asdict(figure) | {"met": figure.met} for figure in self.figures]
        return asdict(self) | {"figures": figures}


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all does not exceed."""
    if not values:
        raise ValueError("no values to rank")
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def latencies(name: str, seconds: Sequence[float], *, most_p99: float | None = None) -> list[Figure]:
    """p50 and p99 in milliseconds."""
    goal = None if most_p99 is None else Goal(most=most_p99)
    return [
        Figure(f"{name}, p50", percentile(seconds, 0.5) * 1000, "ms"),
        Figure(f"{name}, p99", percentile(seconds, 0.99) * 1000, "ms", goal),
    ]


def table(result: Result) -> Table:
    circumstances = f"load {result.load:.1f}, pace {result.pace:.1f} ms, {result.seconds:.0f} s"
    shown = Table(title=f"{result.part} ({circumstances})", title_justify="left")
    for heading, justify in (("figure", "left"), ("value", "right"), ("unit", "left"), ("goal", "left")):
        shown.add_column(heading, justify="right" if justify == "right" else "left")
    for figure in result.figures:
        goal = "" if figure.goal is None else f"{figure.goal} {'met' if figure.met else 'MISSED'}"
        shown.add_row(figure.name, figure.shown, figure.unit, goal)
    return shown
