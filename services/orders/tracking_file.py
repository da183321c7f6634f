"""A CSV of tracking numbers as parcels: rows of one order with one carrier and number are one parcel. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, NamedTuple

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, ValidationInfo, field_validator

from services.orders.to_ship import COLUMNS
from shared.contracts.base import Code, Contract, Id, Quantity
from shared.contracts.inbox_orders import ShipmentHandedOver
from shared.files.cells import number
from shared.files.reading import Line, RowError, at_most, csv_lines, text_of

MAX_ROWS = 10_000
NEEDED = ("order_id", "carrier", "tracking_number")
_SHORTENED = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]+", re.IGNORECASE)
AT_MOST_NAMED = 5


class Result(StrEnum):
    SHIPPED = "SHIPPED"
    UNCHANGED = "UNCHANGED"
    SKIPPED = "SKIPPED"
    """Has no tracking number yet."""
    REFUSED = "REFUSED"


class RowResult(BaseModel):
    row: int
    order_id: str | None
    line_id: str | None
    result: Result
    errors: list[RowError] = []
    allowed: list[str] = []
    """What may be done with the order instead."""


def _whole(cell: object) -> object:
    if isinstance(cell, str) and _SHORTENED.fullmatch(cell):
        raise ValueError("is a number that a spreadsheet has shortened: format the column as text and enter it again")
    return cell


class TrackingRow(Contract):
    """Without line_id and quantity: everything of the order that is left."""

    order_id: Annotated[Id, BeforeValidator(_whole)]
    line_id: Annotated[Id | None, BeforeValidator(_whole)] = None
    quantity: Annotated[Quantity | None, Field(validate_default=True)] = None
    carrier: Code
    tracking_number: Annotated[Code, BeforeValidator(_whole)]

    @field_validator("quantity")
    @classmethod
    def of_a_line(cls, quantity: int | None, info: ValidationInfo) -> int | None:
        if "line_id" in info.data and (info.data["line_id"] is None) != (quantity is None):
            raise ValueError("is given with line_id, and line_id with a quantity")
        return quantity


class Parcel(NamedTuple):
    lines: Sequence[Line]
    """Where its units are named, in the order of the message's lines."""
    message: ShipmentHandedOver


class TrackingFile:
    """Raises Invalid for what makes all of it unreadable."""

    def __init__(self, content: bytes) -> None:
        lines = at_most(MAX_ROWS, csv_lines(text_of(content), COLUMNS, NEEDED))
        self.rows = len(lines)
        self.told = tuple(_told(lines))


def _told(lines: Sequence[Line]) -> Iterator[Parcel | RowResult]:
    """Parcels, and what is none. A parcel is taken or refused as one, whichever of its rows is wrong."""
    numbered = [line for line in lines if "tracking_number" in line.values or line.fault]
    faults = {row: [RowError(field="row", detail=why)] for row, why in _repeated(numbered).items()}
    faults |= {line.row: wrong for line in numbered if (wrong := _wrong(line))}
    boxes: dict[tuple[str, ...], list[Line]] = defaultdict(list)
    for line in lines:
        boxes[_box(line)].append(line)
    for box in boxes.values():
        yield from _parcel(box, faults)


def _wrong(line: Line) -> list[RowError]:
    if line.fault is not None:
        return [RowError(field="row", detail=line.fault)]
    try:
        _row(line)
    except ValidationError as wrong:
        return [RowError(field=str(error["loc"][0]), detail=error["msg"]) for error in wrong.errors()]
    return []


def _row(line: Line) -> TrackingRow:
    values = line.values | ({"quantity": number(line.values["quantity"])} if "quantity" in line.values else {})
    return TrackingRow.model_validate(values)


def _repeated(lines: Sequence[Line]) -> Mapping[int, str]:
    """Rows that name what another one names, too: which of them is meant nobody can say."""
    whole = {line.values.get("order_id") for line in lines if "line_id" not in line.values}
    rows: dict[str, list[int]] = defaultdict(list)
    for line in lines:
        order_id = line.values.get("order_id")
        part = "" if order_id in whole else f", line {line.values['line_id']}"
        if order_id is not None:
            rows[f"order {order_id}{part}"].append(line.row)
    return {
        row: f"{what} is in rows {', '.join(map(str, found[:AT_MOST_NAMED]))}: name it once"
        for what, found in rows.items()
        if len(found) > 1
        for row in found
    }


def _box(line: Line) -> tuple[str, ...]:
    """What puts rows into one parcel; a row that lacks some of it is by itself."""
    named = tuple(line.values[column] for column in NEEDED if column in line.values)
    return named if len(named) == len(NEEDED) else (str(line.row),)


def _parcel(box: Sequence[Line], faults: Mapping[int, list[RowError]]) -> Iterator[Parcel | RowResult]:
    wrong = [line for line in box if line.row in faults]
    if wrong:
        yield from (refused(line, faults.get(line.row) or beside(wrong[0])) for line in box)
    elif "tracking_number" not in box[0].values:
        yield from (row_result(line, Result.SKIPPED) for line in box)
    else:
        lines = sorted(box, key=lambda line: str(line.values.get("line_id")))
        try:
            yield Parcel(lines, _message([_row(line) for line in lines]))
        except ValidationError as too_many:
            yield from (refused(line, [RowError(field="row", detail=too_many.errors()[0]["msg"])]) for line in lines)


def _message(rows: Sequence[TrackingRow]) -> ShipmentHandedOver:
    """Under an id made from what it says, so that the same rows again are the same parcel."""
    first = rows[0]
    lines = [{"line_id": row.line_id, "quantity": row.quantity} for row in rows if row.line_id]
    content = (first.order_id, first.carrier, first.tracking_number, *(f"{row.line_id}|{row.quantity}" for row in rows))
    return ShipmentHandedOver.model_validate(
        {
            "order_id": first.order_id,
            "shipment_id": f"shp_{sha256('|'.join(content).encode()).hexdigest()[:32]}",
            "carrier": first.carrier,
            "tracking_no": first.tracking_number,
            "lines": lines or None,
        }
    )


def beside(line: Line) -> list[RowError]:
    return [RowError(field="row", detail=f"goes in one parcel with row {line.row}, which is refused")]


def row_result(line: Line, what: Result) -> RowResult:
    order_id, line_id = (line.values.get(column) for column in ("order_id", "line_id"))
    return RowResult(row=line.row, order_id=order_id, line_id=line_id, result=what)


def refused(line: Line, errors: list[RowError], allowed: Sequence[str] = ()) -> RowResult:
    return row_result(line, Result.REFUSED).model_copy(update={"errors": errors, "allowed": list(allowed)})
