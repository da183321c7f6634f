"""How fast it was before, during and after a fault, and how long it stood still."""

from collections.abc import Sequence
from itertools import pairwise

from tests.faults.matrix.fault import Run, Sample, applied


def figures(run: Run) -> dict[str, float | None]:
    """Records applied per second by all groups."""
    before = [sample for sample in run.samples if sample[0] < run.struck_at]
    during = [sample for sample in run.samples if run.struck_at <= sample[0] < run.over_at]
    after = [sample for sample in run.samples if sample[0] >= run.over_at]
    return {"before": _rate(before), "during": _rate(during), "after": _rate(after)}


def standstill(samples: Sequence[Sample], since: float, until: float, groups: Sequence[str]) -> float | None:
    """The longest time in which the groups applied nothing, or nobody could look; None: it was not looked at."""
    counts = [(at, applied(positions, groups)) for at, positions in samples if at <= until]
    looks = [(since, count) for at, count in counts if at <= since][-1:] + [look for look in counts if look[0] > since]
    moved = [at for n, (at, count) in enumerate(looks) if n in (0, len(looks) - 1) or count > looks[n - 1][1]]
    return max((round(later - earlier, 2) for earlier, later in pairwise(moved)), default=None)


def _rate(samples: Sequence[Sample]) -> float | None:
    if len(samples) < 2:
        return None
    (start, first), (end, last) = samples[0], samples[-1]
    return round((applied(last) - applied(first)) / (end - start), 1)
