"""Judges a run once all is quiet: nothing lost, nothing twice, in order per key, and everybody says the same."""

from collections.abc import Collection, Mapping

from pydantic import ValidationError

from tests.faults.checking.consuming import all_accounted_for, nothing_left_behind, positions_grow
from tests.faults.checking.events import (
    acknowledged_is_told,
    told_in_order,
    told_is_stored,
    told_is_valid,
    traces_link,
)
from tests.faults.checking.report import Finding, Invariant, Report
from tests.faults.checking.shop import orders_and_stock_are_possible, sales_add_up, tickets_show_the_newest
from tests.faults.checking.snapshot import Snapshot

INVARIANTS: Mapping[str, tuple[Invariant, str]] = {
    "I1": (acknowledged_is_told, "what was acknowledged is told"),
    "I2": (told_is_stored, "what is told is stored"),
    "I3": (told_in_order, "the events of each aggregate, each first occurrence in order and without a gap"),
    "I4": (sales_add_up, "ledger and rollups are the sums of the events"),
    "I5": (all_accounted_for, "each record was applied, dropped as a duplicate, read past, held or parked, once"),
    "I6": (tickets_show_the_newest, "tickets show the newest, never less than before, and none sleeps too long"),
    "I7": (positions_grow, "stored offsets grow up to the log's end, and Kafka's are not ahead of them"),
    "I8": (orders_and_stock_are_possible, "orders are in possible states, shelves are the sum of their movements"),
    "I9": (told_is_valid, "events fit their published schema"),
    "I10": (traces_link, "an event's trace goes on from its cause's"),
    "I11": (nothing_left_behind, "no lease, transaction, unsent event, held or parked record is left behind"),
}


def check(snapshot: Snapshot, only: Collection[str] = INVARIANTS) -> Report:
    """only: the invariants that can be judged where not everything is there, such as a store of one service."""
    findings = []
    for name, (invariant, what) in INVARIANTS.items():
        if name in only:
            finding = Finding(name, what)
            try:
                invariant(snapshot, finding)
            except ValidationError as error:
                finding.expect(False, error.title, f"it cannot be read, so the rest was not compared: {error}")
            findings.append(finding)
    return Report(findings)
