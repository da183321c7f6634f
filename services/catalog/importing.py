"""Products from a file: registered or edited line by line, each with a result of its own."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import partial
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from services.catalog.columns import COLUMNS, TEXTS, column_of, option_key, product_values
from services.catalog.commands import ImportProduct, ProductRow
from services.catalog.settings import Settings
from shared.files.importing import Command
from shared.files.reading import Line, RowError, Values, counted, csv_lines, json_lines, text_of, without_repeats
from shared.runtime.bulk import Outcome

MAX_ROWS = 100_000


class Result(StrEnum):
    REGISTERED = "REGISTERED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"


class RowResult(BaseModel):
    row: int
    product_id: str | None
    result: Result
    errors: list[RowError] = []


Told = ImportProduct | RowResult
"""What a line says, or why it says nothing."""


class ProductFile:
    """The lines of a CSV or JSON Lines file. Raises Invalid for what makes all of it unreadable."""

    def __init__(self, content: bytes, *, csv: bool, settings: Settings) -> None:
        text = text_of(content)
        self._read: Callable[[], Iterator[Line]] = (
            partial(csv_lines, text, COLUMNS, ["product_id"], TEXTS) if csv else partial(json_lines, text)
        )
        self.rows = counted(MAX_ROWS, self._read())
        self._csv = csv
        self._currency, self._zone = settings.store_currency, ZoneInfo(settings.store_timezone)

    def told(self) -> Iterator[tuple[int, Told]]:
        lines = without_repeats(self._read(), option_key if self._csv else _product_key)
        return ((line.row, self._told(line)) for line in lines)

    def _told(self, line: Line) -> Told:
        if line.fault is not None:
            return _refused(line, [RowError(field="row", detail=line.fault)])
        try:
            values = product_values(line.values, self._currency, self._zone) if self._csv else line.values
            row = ProductRow.model_validate(values)
        except ValidationError as wrong:
            return _refused(line, [RowError(field=self._field(place), detail=why) for place, why in _innermost(wrong)])
        return ImportProduct(product_id=row.product_id, row=row)

    def _field(self, place: tuple[int | str, ...]) -> str:
        return column_of(place) if self._csv else ".".join(map(str, place))


def commands(file: ProductFile) -> Iterator[Command | RowResult]:
    for row, told in file.told():
        yield told if isinstance(told, RowResult) else Command(told, partial(_results, row, told))


def _results(row: int, message: ImportProduct, outcome: Outcome) -> list[RowResult]:
    if outcome.refusal is not None:
        errors = [RowError(field=outcome.refusal.field or "row", detail=outcome.refusal.sentence)]
        return [RowResult(row=row, product_id=message.product_id, result=Result.REFUSED, errors=errors)]
    if outcome.before is None:
        result = Result.REGISTERED
    else:
        result = Result.UNCHANGED if outcome.after is outcome.before else Result.UPDATED
    return [RowResult(row=row, product_id=message.product_id, result=result)]


def _innermost(wrong: ValidationError) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """Without those of a list that is too short only because its items are wrong."""
    errors = {error["loc"]: error["msg"] for error in wrong.errors(include_input=False, include_url=False)}
    for place, why in errors.items():
        if not any(other != place and other[: len(place)] == place for other in errors):
            yield place, why


def _refused(line: Line, errors: list[RowError]) -> RowResult:
    product_id = line.values.get("product_id")
    shown = product_id[:100] if isinstance(product_id, str) else None
    return RowResult(row=line.row, product_id=shown, result=Result.REFUSED, errors=errors)


def _product_key(values: Values) -> str | None:
    product_id = values.get("product_id")
    return f"product {product_id}" if isinstance(product_id, str) else None
