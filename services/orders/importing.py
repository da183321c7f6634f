"""Parcels from a file: decided by the table as every shipment is, with a result for each of their rows."""

import re
from collections.abc import Iterator
from functools import partial

from services.orders.tracking_file import Parcel, Result, RowResult, TrackingFile, beside, refused, row_result
from shared.files.importing import Command
from shared.files.reading import RowError
from shared.runtime.bulk import Outcome
from shared.runtime.decision import Refusal, Unknown

_OF_A_LINE = re.compile(r"lines\.([0-9]+)\.(line_id|quantity)")


def commands(file: TrackingFile) -> Iterator[Command | RowResult]:
    for told in file.told:
        yield Command(told.message, partial(_results, told)) if isinstance(told, Parcel) else told


def _results(parcel: Parcel, outcome: Outcome) -> Iterator[RowResult]:
    if outcome.refusal is not None:
        return _refused(parcel, outcome.refusal)
    done = Result.UNCHANGED if outcome.after is outcome.before else Result.SHIPPED
    return (row_result(line, done) for line in parcel.lines)


def _refused(parcel: Parcel, refusal: Refusal) -> Iterator[RowResult]:
    """The row that is at fault is told what is wrong with it, the others of its parcel which row that is."""
    place = _OF_A_LINE.fullmatch(refusal.field or "")
    wrong = parcel.lines[int(place[1])] if place else None
    column = place[2] if place else "order_id" if isinstance(refusal, Unknown) else "row"
    why = [RowError(field=column, detail=refusal.sentence)]
    for line in parcel.lines:
        errors = why if wrong in (None, line) else beside(wrong)
        yield refused(line, errors, refusal.allowed)
