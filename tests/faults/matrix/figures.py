"""How fast it was before, during and after a fault, and how long until it went on."""

from collections.abc import Sequence

from tests.faults.matrix.fault import Run, Sample, applied


def figures(run: Run) -> dict[str, float | None]:
    """Records applied per second by all groups."""
    before = [sample for sample in run.samples if sample[0] < run.struck_at]
    during = [sample for sample in run.samples if run.struck_at <= sample[0] < run.over_at]
    after = [sample for sample in run.samples if sample[0] >= run.over_at]
    return {"before": _rate(before), "during": _rate(during), "after": _rate(after)}


def recovery(run: Run, groups: Sequence[str]) -> float | None:
    """From the fault to the first look that finds more applied than the first one after it did; None: never."""
    since = [(at - run.struck_at, applied(positions, groups)) for at, positions in run.samples if at >= run.struck_at]
    return next((round(seconds, 2) for seconds, count in since if count > since[0][1]), None)


def _rate(samples: Sequence[Sample]) -> float | None:
    if len(samples) < 2:
        return None
    (start, first), (end, last) = samples[0], samples[-1]
    return round((applied(last) - applied(first)) / (end - start), 1)
