"""A long run in tenths of its work: did the last cost as much as the first?

Work grows from look to look, and so does what it costs: seconds, or the CPU of a process. A tenth of the work is
ten per cent of what was done in the end, however long it took; what lies between two looks is shared out evenly.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

TENTHS = 10


def costs(work: Sequence[float], cost: Sequence[float]) -> list[float]:
    """What each tenth of the work cost."""
    return [after - before for before, after in pairwise(cost_at(work, cost, n / TENTHS) for n in range(TENTHS + 1))]


def cost_at(work: Sequence[float], cost: Sequence[float], share: float) -> float:
    """When that share of the work was done, beginning with the first look."""
    wanted = work[0] + share * (work[-1] - work[0])
    behind = bisect_left(work, wanted)
    if behind == 0:
        return cost[0]
    before, after = work[behind - 1], work[behind]
    return cost[behind - 1] + (wanted - before) / (after - before) * (cost[behind] - cost[behind - 1])


def within(work: Sequence[float], values: Sequence[float], tenth: int) -> float:
    """The median of the values seen in a tenth of the work (0 is the first)."""
    first, last = (bisect_left(work, work[0] + n / TENTHS * (work[-1] - work[0])) for n in (tenth, tenth + 1))
    return median(values[first : last + 1])


def slowest(*works: Sequence[float]) -> list[float]:
    """How far all of them are, from 0 to 1: what one has done counts once the last has done it, too."""
    return [min(shares) for shares in zip(*([done / work[-1] for done in work] for work in works), strict=True)]
