"""Parcels from a file: decided by the table as every shipment is, fifty in a transaction, each for itself."""

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import islice

from fastapi import Request

from services.orders.tracking_file import Parcel, Result, RowResult, TrackingFile, beside, refused, row_result
from shared.files.reading import RowError
from shared.runtime.bulk import Outcome, decide_each
from shared.runtime.decision import Refusal, Unknown
from shared.runtime.http import incoming_of
from shared.runtime.service_runtime import ServiceRuntime

AT_ONCE = 50
_OF_A_LINE = re.compile(r"lines\.([0-9]+)\.(line_id|quantity)")


async def imported(request: Request, runtime: ServiceRuntime, file: TrackingFile) -> AsyncIterator[RowResult]:
    """A result per row. What was answered is stored; the same file again changes nothing more."""
    told = file.told()
    while batch := list(islice(told, AT_ONCE)):
        for row in await _decided(request, runtime, batch):
            yield row


async def _decided(request: Request, runtime: ServiceRuntime, batch: Sequence[Parcel | RowResult]) -> list[RowResult]:
    messages = [parcel.message for parcel in batch if isinstance(parcel, Parcel)]
    commands = [incoming_of(request, runtime, message, message.order_id) for message in messages]
    outcomes = iter(await decide_each(runtime, commands))
    results: list[RowResult] = []
    for told in batch:
        results += _results(told, next(outcomes)) if isinstance(told, Parcel) else [told]
    return results


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
