"""A CSV in pieces that a service takes one at a time. Pure."""

import csv
import io
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from shared.files.reading import CsvRows, text_of
from shared.runtime.decision import Invalid


class Piece(NamedTuple):
    content: bytes
    before: int = 0
    """Rows of the file that stand before those of the piece."""
    rows: int = 0


def pieces(content: bytes, most: int, together: str) -> list[Piece]:
    """Neighbours with the same cell in the column `together` stay in one piece.

    What cannot be read, and what is small, is one piece as it is: the service says what is wrong with it.
    """
    try:
        header, *rows = CsvRows(text_of(content))
    except (Invalid, ValueError, csv.Error):
        return [Piece(content)]
    names = [name.strip().lower() for name in header]
    if len(rows) <= most or together not in names:
        return [Piece(content, rows=len(rows))]
    column = names.index(together)
    keys = [row[column].strip() if len(row) > column else "" for row in rows]
    cuts = _cuts(keys, most)
    return [_piece(header, rows, start, end) for start, end in pairwise(cuts)]


def _cuts(keys: Sequence[str], most: int) -> list[int]:
    cuts = [0]
    while cuts[-1] + most < len(keys):
        cut = cuts[-1] + most
        while cut > cuts[-1] and keys[cut] == keys[cut - 1]:
            cut -= 1
        cuts.append(cut if cut > cuts[-1] else cuts[-1] + most)
    return [*cuts, len(keys)]


def _piece(header: Sequence[str], rows: Sequence[Sequence[str]], start: int, end: int) -> Piece:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *rows[start:end]])
    return Piece(text.getvalue().encode(), start, end - start)
