"""Asking all services about their parked and held records; one that does not answer hides none of the others."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.table import Table

from deploy.local.failure import StackFailure

SILENT = 3
"""Exit code when a service did not answer; what the others answered is printed."""
PAGE = 200
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
console = Console(highlight=False, soft_wrap=True)
complaints = Console(stderr=True, highlight=False, soft_wrap=True)
Row = dict[str, Any]


def _age(text: str) -> str:
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if match is None:
        raise typer.BadParameter("an age is a number and s, m, h or d, such as 2h")
    return f"PT{int(match[1]) * UNITS[match[2]]}S"


JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ServiceOption = Annotated[str | None, typer.Option("--service", help="Only of this service.")]
GroupOption = Annotated[str | None, typer.Option("--group", help="Only of this consumer group.")]
KeyOption = Annotated[str | None, typer.Option("--key", help="Only of this record key.")]
TypeOption = Annotated[str | None, typer.Option("--type", help="Only this message, such as orders.OrderSubmitted.v1.")]
ErrorOption = Annotated[str | None, typer.Option("--error", help="Only with this error, such as ILLEGAL_MOVE.")]
OlderOption = Annotated[str | None, typer.Option("--older-than", parser=_age, help="Here longer than that: 30m, 2h.")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, help="At most so many, the oldest of each service.")]


@dataclass
class Answers:
    """Rows of the services that answered, and a sentence on each that did not."""

    rows: list[Row] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    more: bool = False
    """Whether the limit left some out."""

    def end(self, code: int = 0) -> None:
        """Name who was silent, and exit with what happened."""
        for sentence in self.silent:
            complaints.print(sentence, style="red", markup=False)
        if self.silent or code:
            raise typer.Exit(SILENT if self.silent else code)


def services(urls: Mapping[str, str], service: str | None, group: str | None = None) -> dict[str, str]:
    """Those asked: the one named, the one of a group, or all."""
    name = service or (group.partition(".")[0] if group else None)
    if name is not None and name not in urls:
        raise typer.BadParameter(f"There is no service {name}; there are {', '.join(urls)}.")
    return {other: url for other, url in urls.items() if name in (None, other)}


def ask(urls: Mapping[str, str], path: str, limit: int, **wanted: str | None) -> Answers:
    """Up to `limit` rows of each service, each row with its service."""
    answers = Answers()
    for name, url in urls.items():
        rows = _rows(f"{url}{path}", {field: value for field, value in wanted.items() if value is not None})
        try:
            found = list(islice(rows, limit + 1))
        except httpx.TransportError as error:
            answers.silent.append(f"{name} does not answer at {url}: {error!r}")
        except httpx.HTTPStatusError as error:
            answers.silent.append(f"{name} cannot say: {detail(error.response)}")
        else:
            answers.more |= len(found) > limit
            answers.rows += [{"service": name} | row for row in found[:limit]]
    return answers


def tell(url: str, path: str, body: Row, actor: str) -> Row:
    """Raises httpx.HTTPError when the service does not answer, StackFailure when it refuses."""
    answer = httpx.post(f"{url}{path}", json=body, headers={"X-Actor": actor}, timeout=60)
    if answer.is_client_error:
        raise StackFailure(f"Refused: {detail(answer)}")
    found: Row = answer.raise_for_status().json()
    return found


def confirm(question: str, yes: bool) -> None:
    if not yes and not sys.stdin.isatty():
        raise typer.BadParameter(f"{question} Nobody is here to ask: say --yes, or look first with --dry-run.")
    if not yes:
        typer.confirm(question, abort=True)


def _rows(url: str, wanted: Mapping[str, str]) -> Iterator[Row]:
    cursor: Mapping[str, str] = {}
    with httpx.Client(timeout=15) as client:
        while True:
            answer = client.get(url, params={**wanted, **cursor, "limit": str(PAGE)})
            page = answer.raise_for_status().json()
            yield from page["items"]
            if not page["next_cursor"]:
                return
            cursor = {"cursor": page["next_cursor"]}


def detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} {answer.text[:200]}"


def show(answers: Answers, columns: Iterable[str], *, as_json: bool, nothing: str) -> None:
    if as_json:
        print(json.dumps(answers.rows, ensure_ascii=False, indent=2))
    elif answers.rows:
        table = Table()
        for column in columns:
            table.add_column(column, overflow="fold")  # an id that is cut cannot be copied
        for row in answers.rows:
            table.add_row(*(str(row[column]) for column in columns))
        console.print(table)
    elif not answers.silent:
        console.print(nothing)
    if answers.more:
        complaints.print("There are more: raise --limit.")
    answers.end()
