"""What stands in the cells of a CSV: text that no spreadsheet runs as a formula, numbers, moments. Pure."""

import re
from datetime import datetime, tzinfo

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,16}|[0-9]{1,3}(?:,[0-9]{3})+)")


def neutralised(text: str) -> str:
    """With a quote before what a spreadsheet would run, and before what `read_back` would take for one of these."""
    return f"'{text}" if _FORMULA.match(text) else text


def read_back(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def number(cell: str) -> int | str:
    """What is no number stays text, to be refused by its column's name."""
    return int(cell.replace(",", "")) if _NUMBER.fullmatch(cell) else cell


def moment(cell: str, zone: tzinfo) -> datetime | str:
    """What is no time stays text, to be refused by its column's name."""
    try:
        found = datetime.fromisoformat(cell)
    except ValueError:
        return cell
    return found if found.tzinfo else found.replace(tzinfo=zone)


def in_zone(at: datetime | None, zone: tzinfo) -> str | None:
    """In the store's zone, as long as its calendar goes."""
    if at is None:
        return None
    try:
        return at.astimezone(zone).isoformat()
    except OverflowError:
        return at.isoformat()
