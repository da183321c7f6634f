"""A CSV that Excel opens as it is meant, wherever it runs: UTF-8 with its mark, formulas neutralised. Pure."""

import csv
import io
from collections.abc import Iterable, Sequence

from shared.files.cells import neutralised

MARK = "\ufeff"
Cells = Sequence[str | int | None]
"""Of one row. Numbers are ours and stay numbers; text is somebody's."""


def csv_text(rows: Iterable[Cells]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([neutralised(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return text.getvalue()
