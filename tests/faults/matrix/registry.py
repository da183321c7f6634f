"""Every fault there is, in the order of their numbers."""

from collections.abc import Iterable, Sequence

from tests.faults.matrix import (
    clocks,
    frozen,
    kafka,
    kills,
    mongo,
    network,
    parking,
    records,
    recreated,
    scaling,
    space,
    versions,
)
from tests.faults.matrix.fault import Fault

FAMILIES = (kills, frozen, scaling, kafka, network, mongo, space, recreated, records, parking, clocks, versions)
FAULTS: Sequence[Fault] = sorted(
    (fault for family in FAMILIES for fault in family.FAULTS), key=lambda fault: (int(fault.number[1:]), fault.id)
)


def chosen(names: Iterable[str], *, fast: bool) -> list[Fault]:
    """By number (`F3`) or variant (`F3b`); none named: all, or the fast selection."""
    wanted = set(names)
    if unknown := wanted - {name for fault in FAULTS for name in (fault.id, fault.number)}:
        raise SystemExit(f"no such fault: {', '.join(sorted(unknown))}")
    if wanted:
        return [fault for fault in FAULTS if wanted & {fault.id, fault.number}]
    return [fault for fault in FAULTS if fault.fast or not fast]
