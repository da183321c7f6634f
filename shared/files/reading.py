"""A file as lines with values: CSV as spreadsheets write it, or JSON Lines. Pure."""

import csv
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain, count, islice
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic_core import from_json

from shared.files.cells import read_back
from shared.runtime.decision import Invalid

Values = dict[str, Any]
MOST = 1_000_000
"""Characters of a row: some five times those of the largest product. In memory a row is many times what it is in the
file."""
_USUAL_KOREAN = re.compile(rb"[\xa1-\xfe]{2}")
"""A character of EUC-KR: all of CP949 but its rarest syllables. The second byte of these may be a letter, so that
`Men’s` of Windows-1252 is CP949, too: Men뭩."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")


class Line(NamedTuple):
    """One line of a file, or what is wrong with it. row: as a spreadsheet or an editor counts it."""

    row: int
    values: Values
    fault: str | None = None


class RowError(BaseModel):
    field: str
    detail: str


def text_of(content: bytes) -> str:
    """UTF-8, with or without a mark, or what Excel saves on a Korean Windows. CP949 text is hardly ever valid UTF-8."""
    for encoding in _encodings_of(content):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("the file is neither UTF-8 nor CP949 text; save it as UTF-8", field="body")


def _encodings_of(content: bytes) -> Sequence[str]:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return ("utf-16",)
    return ("utf-8-sig", "cp949") if _USUAL_KOREAN.search(content) else ("utf-8-sig",)


def csv_lines(
    text: str, columns: Collection[str], needed: Collection[str], as_written: Collection[str] = ()
) -> Iterator[Line]:
    """Cells by column; empty ones are left out. as_written: columns whose blanks at the ends are theirs."""
    rows = CsvRows(text)
    try:
        header = [name.strip().lower() for name in next(rows, [])]
    except csv.Error as error:
        raise Invalid(f"the first row cannot be read: {error}", field="body") from None
    _check_header(header, columns, needed)
    return _csv_lines(rows, header, as_written)


class CsvRows(Iterator[list[str]]):
    """Raises csv.Error for a row that cannot be read; the next row is the line behind the one that was wrong.

    Strict: a quote that nobody closed would take the rows behind it into its cell, and nobody would miss them.
    """

    def __init__(self, text: str) -> None:
        self._lines = _Lines(text)
        head = next(_lines_of(text), "")
        csv.field_size_limit(MOST)
        self._rows = csv.reader(self._lines, delimiter=max(",;\t", key=head.count), strict=True)

    def __next__(self) -> list[str]:
        first = self._lines.read + 1
        self._lines.room = MOST
        try:
            return next(self._rows)
        except csv.Error as error:
            last = self._lines.read
            where = f"line {first}" if last == first else f"lines {first} to {last}"
            raise csv.Error(f"{error} ({where} of the file)") from None


class _Lines(Iterator[str]):
    """Those of one row for as long as there is room for them."""

    def __init__(self, text: str) -> None:
        self._lines = _lines_of(text)
        self.read = 0
        self.room = 0
        """In characters."""

    def __next__(self) -> str:
        line = next(self._lines)
        self.read += 1
        self.room -= len(line)
        if self.room < 0:
            raise csv.Error(f"more than {MOST:,} characters")
        return line


def _lines_of(text: str) -> Iterator[str]:
    """As an editor counts them. A `StringIO` would take four bytes for each of their characters."""
    return (found[0] for found in _LINE.finditer(text))


def _check_header(header: list[str], columns: Collection[str], needed: Collection[str]) -> None:
    for name in header:
        if name not in columns:
            raise Invalid(f"column {name[:60]!r} is not known; known are {', '.join(columns)}", field=name[:60])
        if header.count(name) > 1:
            raise Invalid(f"column {name} is there more than once", field=name)
    if missing := [name for name in needed if name not in header]:
        what = "column {} is missing" if len(missing) == 1 else "columns {} are missing"
        raise Invalid(what.format(", ".join(missing)), field=missing[0])


def _csv_lines(rows: Iterator[list[str]], header: Sequence[str], as_written: Collection[str]) -> Iterator[Line]:
    for row in count(2):
        try:
            line = _csv_line(row, next(rows), header, as_written)
        except StopIteration:
            return
        except csv.Error as error:
            line = Line(row, {}, f"cannot be read: {error}")
        if line.values or line.fault:
            yield line


def _csv_line(row: int, cells: Sequence[str], header: Sequence[str], as_written: Collection[str]) -> Line:
    read = [
        (name, read_back(cell if name in as_written else cell.strip()))
        for name, cell in zip(header, cells, strict=False)
    ]
    values = {name: cell for name, cell in read if cell.strip()}
    if any(cell.strip() for cell in cells[len(header) :]):
        return Line(row, values, f"has more cells than the {len(header)} columns of the first row")
    return Line(row, values)


def json_lines(text: str) -> Iterator[Line]:
    return (_object(row, line) for row, line in enumerate(_lines_of(text), start=1) if line.strip())


def _object(row: int, line: str) -> Line:
    if len(line) > MOST:
        return Line(row, {}, f"has more than {MOST:,} characters")
    try:
        value = from_json(line)
    except ValueError:
        value = None
    return Line(row, value) if isinstance(value, dict) else Line(row, {}, "is no JSON object")


def at_most(most: int, lines: Iterator[Line]) -> list[Line]:
    """Those beyond are counted and not kept."""
    taken = list(islice(lines, most))
    counted(most, chain(taken, lines))
    return taken


def counted(most: int, lines: Iterable[Line]) -> int:
    """None is kept: they are read anew, one by one, when they are worked on."""
    found = sum(1 for _ in lines)
    if found > most:
        raise Invalid(f"the file has {found:,} rows; one import takes {most:,}", field="body")
    return found


def without_repeats(lines: Iterable[Line], key: Callable[[Values], str | None]) -> Iterator[Line]:
    """The first line with a key stands; a later one is told where that is."""
    first: dict[str, int] = {}
    for line in lines:
        what = key(line.values) if line.fault is None else None
        row = first.setdefault(what, line.row) if what else line.row
        yield line if row == line.row else line._replace(fault=f"{what} is in row {row} already")
