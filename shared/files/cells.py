"""What stands in the cells of a CSV: text that no spreadsheet runs or rewrites, numbers, moments. Pure."""

import re
from datetime import datetime, tzinfo

_RUN = r"[=+\-@\t\r\n＝＋－＠]"
_MONTH = (
    "(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?)"
)
_REWRITTEN = "|".join(
    (
        r"0[0-9]+",  # loses its zeros
        r"[0-9]{12,}",  # becomes 1.23457E+11
        r"[0-9]*\.[0-9]+",
        r"[0-9.]+[eE][0-9]+",
        r"[0-9]{1,4}[-/][0-9]{1,2}(?:[-/][0-9]{1,4})?",  # becomes a date
        rf"{_MONTH}[- /]?[0-9]{{1,4}}|[0-9]{{1,4}}[- /]?{_MONTH}(?:[- /]?[0-9]{{1,4}})?",  # so does SEP-1
        r"[0-9]{1,4}(?::[0-9]{1,2}){1,2}",  # becomes a time
    )
)
_NOT_LEFT_ALONE = re.compile(rf"'*(?:{_RUN}|(?:{_REWRITTEN})\Z)")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,16}|[0-9]{1,3}(?:,[0-9]{3}){1,5})")


def neutralised(text: str) -> str:
    """With a quote before what a spreadsheet would run as a formula or rewrite as a number, such as an order's id, and
    before what `read_back` would take for one of these."""
    return f"'{text}" if _NOT_LEFT_ALONE.match(text) else text


def read_back(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _NOT_LEFT_ALONE.match(cell) else cell


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
