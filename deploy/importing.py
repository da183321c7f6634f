"""`sellerdesk import …`: a file sent to the service it is for, and what became of each of its rows."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from pydantic import TypeAdapter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from deploy.asking import SILENT, JsonOption, complaints, detail
from deploy.local.options import DataOption, StoreOption
from deploy.pieces import Piece, pieces
from deploy.target import target

NOT_ALL, WRONG = 1, 2
TYPES = {".csv": "text/csv", ".jsonl": "application/jsonl", ".ndjson": "application/jsonl"}
MOST_PARCELS = 10_000
"""Rows that orders takes in one import."""
app = typer.Typer(no_args_is_help=True)
FileArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help=", ".join(TYPES))]
CsvArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help=".csv")]
RefusedOption = Annotated[bool, typer.Option("--refused", help="Print refused rows only.")]
_results = TypeAdapter(dict[str, Any])


@app.callback()
def bring_in() -> None:
    """Files into the store. The same file again changes nothing.

    Exits 0 when no row was refused, 1 when some were, 2 when the file was, 3 when the service does not answer.
    """


@app.command()
def products(
    file: FileArgument,
    refused: RefusedOption = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """Register and edit products from CSV (UTF-8 or CP949) or JSON Lines; a refused row stops no other."""
    content_type = _type_of(file, TYPES)
    url = target(store, data).urls["catalog"]
    Import(url, "/products/import", file, content_type, refused, as_json).run([Piece(file.read_bytes())])


@app.command()
def tracking(
    file: CsvArgument,
    refused: RefusedOption = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """Ship what has a tracking number in a CSV of `export orders-to-ship`; a refused parcel stops no other."""
    content_type = _type_of(file, [".csv"])
    url = target(store, data).urls["orders"]
    sent = pieces(file.read_bytes(), MOST_PARCELS, "order_id")
    Import(url, "/orders/shipments/import", file, content_type, refused, as_json).run(sent)


def _type_of(file: Path, suffixes: Sequence[str] | dict[str, str]) -> str:
    if file.suffix.lower() not in suffixes:
        raise typer.BadParameter(f"must end in {', '.join(suffixes)}", param_hint="FILE")
    return TYPES[file.suffix.lower()]


@dataclass
class Import:
    url: str
    path: str
    file: Path
    content_type: str
    refused_only: bool
    as_json: bool
    counts: Counter[str] = field(default_factory=Counter)

    def run(self, pieces: Sequence[Piece]) -> None:
        try:
            with _bar() as bar:
                task = bar.add_task("rows", total=None)
                for piece in pieces:
                    self._send(piece, bar, task, behind=sum(p.rows for p in pieces if p.before > piece.before))
        except httpx.HTTPError as error:
            done = f" after {self.counts.total():,} rows; import the file again, what is done stays"
            sentence = f"{self.url} does not answer{done if self.counts else ''}: {error!r}"
            complaints.print(sentence, markup=False, style="red")
            raise typer.Exit(SILENT) from error
        said = ", ".join(f"{count:,} {result.lower()}" for result, count in sorted(self.counts.items()))
        complaints.print(f"{self.counts.total():,} rows: {said or 'nothing to do'}.")
        if self.counts["REFUSED"]:
            raise typer.Exit(NOT_ALL)

    def _send(self, piece: Piece, bar: Progress, task: TaskID, *, behind: int) -> None:
        headers = {"content-type": self.content_type}
        with httpx.stream("POST", self.url + self.path, content=piece.content, headers=headers, timeout=60) as answer:
            if answer.is_client_error:
                answer.read()
                complaints.print(f"{self.file}: {detail(answer)}", markup=False, style="red")
                raise typer.Exit(WRONG)
            answer.raise_for_status()
            bar.update(task, total=self.counts.total() + int(answer.headers["X-Rows"]) + behind)
            for line in answer.iter_lines():
                result = _results.validate_json(line)
                self._tell(result | {"row": result["row"] + piece.before})
                bar.advance(task)

    def _tell(self, result: dict[str, Any]) -> None:
        self.counts[result["result"]] += 1
        if not self.refused_only or result["errors"]:
            print(json.dumps(result, ensure_ascii=False) if self.as_json else _sentence(result))


def _sentence(result: dict[str, Any]) -> str:
    what = [result[name] for name in ("product_id", "order_id", "line_id") if result.get(name)]
    why = "; ".join(f"{error['field']}: {error['detail']}" for error in result["errors"])
    instead = f" (allowed: {', '.join(result['allowed'])})" if result.get("allowed") else ""
    return f"row {result['row']}  {' '.join(what) or '-'}  {result['result']}{'  ' if why else ''}{why}{instead}"


def _bar() -> Progress:
    """On the terminal above what is printed there; rows that go elsewhere are left alone."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty())
