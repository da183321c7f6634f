"""A file as lines with values: CSV as spreadsheets write it, or JSON Lines. Pure."""

import csv
import io
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic_core import from_json

from shared.files.cells import read_back
from shared.runtime.decision import Invalid

Values = dict[str, Any]


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
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp949"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("the file is neither UTF-8 nor CP949 text", field="body")


def csv_lines(
    text: str, columns: Collection[str], needed: Collection[str], as_written: Collection[str] = ()
) -> Iterator[Line]:
    """Cells by column; empty ones are left out. as_written: columns whose blanks at the ends are theirs."""
    reader = csv_reader(text)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
    except csv.Error as error:
        raise Invalid(f"the first row cannot be read: {error}", field="body") from None
    _check_header(header, columns, needed)
    return _lines(enumerate(reader, start=2), header, as_written)


def csv_reader(text: str) -> Iterator[list[str]]:
    """Strict: a quote that nobody closed would take the rows behind it into its cell, and nobody would miss them."""
    head = text.partition("\n")[0]
    return csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True)


def _check_header(header: list[str], columns: Collection[str], needed: Collection[str]) -> None:
    for name in header:
        if name not in columns:
            raise Invalid(f"column {name[:60]!r} is not known; known are {', '.join(columns)}", field=name[:60])
        if header.count(name) > 1:
            raise Invalid(f"column {name} is there more than once", field=name)
    if missing := [name for name in needed if name not in header]:
        what = "column {} is missing" if len(missing) == 1 else "columns {} are missing"
        raise Invalid(what.format(", ".join(missing)), field=missing[0])


def _lines(rows: Iterator[tuple[int, list[str]]], header: list[str], as_written: Collection[str]) -> Iterator[Line]:
    row = 1
    try:
        for row, cells in rows:
            read = [
                (name, read_back(cell if name in as_written else cell.strip()))
                for name, cell in zip(header, cells, strict=False)
            ]
            values = {name: cell for name, cell in read if cell.strip()}
            if any(cell.strip() for cell in cells[len(header) :]):
                yield Line(row, values, f"has more cells than the {len(header)} columns of the first row")
            elif values:
                yield Line(row, values)
    except csv.Error as error:
        yield Line(row + 1, {}, f"cannot be read, nor what follows it: {error}")


def json_lines(text: str) -> Iterator[Line]:
    lines = io.StringIO(text, newline="\n")
    return (_object(row, line) for row, line in enumerate(lines, start=1) if line.strip())


def _object(row: int, line: str) -> Line:
    try:
        value = from_json(line)
    except ValueError:
        value = None
    return Line(row, value) if isinstance(value, dict) else Line(row, {}, "is no JSON object")


def at_most(most: int, lines: Iterator[Line]) -> list[Line]:
    """Those beyond are counted and not kept: in memory a row is many times what it is in the file."""
    taken = list(islice(lines, most))
    if beyond := sum(1 for _ in lines):
        raise Invalid(f"the file has {most + beyond:,} rows; one import takes {most:,}", field="body")
    return taken


def without_repeats(lines: Iterable[Line], key: Callable[[Values], str | None]) -> Iterator[Line]:
    """The first line with a key stands; a later one is told where that is."""
    first: dict[str, int] = {}
    for line in lines:
        what = key(line.values) if line.fault is None else None
        row = first.setdefault(what, line.row) if what else line.row
        yield line if row == line.row else line._replace(fault=f"{what} is in row {row} already")
