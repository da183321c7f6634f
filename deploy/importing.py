"""`sellerdesk import products FILE`: a file sent to the catalog as it is, and what became of each of its rows."""

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from pydantic import TypeAdapter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.asking import JsonOption
from deploy.local.options import DataOption, StoreOption
from deploy.target import target

NOT_ALL, WRONG, SILENT = 1, 2, 3
TYPES = {".csv": "text/csv", ".jsonl": "application/jsonl", ".ndjson": "application/jsonl"}
app = typer.Typer(no_args_is_help=True)
complaints = Console(stderr=True, highlight=False, soft_wrap=True)
FileArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help=", ".join(TYPES))]
RefusedOption = Annotated[bool, typer.Option("--refused", help="Print refused rows only.")]
_results = TypeAdapter(dict[str, Any])


@app.callback()
def bring_in() -> None:
    """Files into the store. The same file again changes nothing."""


@app.command()
def products(
    file: FileArgument,
    refused: RefusedOption = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """Register and edit products from CSV (UTF-8 or CP949) or JSON Lines; a refused row stops no other.

    Exits 0 when every row was taken, 1 when some were refused, 2 when the file was refused, 3 when the catalog does not
    answer.
    """
    content_type = TYPES.get(file.suffix.lower())
    if content_type is None:
        raise typer.BadParameter(f"must end in {', '.join(TYPES)}", param_hint="FILE")
    url = target(store, data).urls["catalog"]
    counts: Counter[str] = Counter()
    try:
        _send(f"{url}/products/import", file, content_type, counts, refused=refused, as_json=as_json)
    except httpx.HTTPError as error:
        done = f" after {counts.total():,} rows; import the file again, what is done stays" if counts else ""
        complaints.print(f"{url} does not answer{done}: {error!r}", markup=False, style="red")
        raise typer.Exit(SILENT) from error
    said = ", ".join(f"{count:,} {result.lower()}" for result, count in sorted(counts.items()))
    complaints.print(f"{counts.total():,} rows: {said or 'nothing to do'}.")
    if counts["REFUSED"]:
        raise typer.Exit(NOT_ALL)


def _send(url: str, file: Path, content_type: str, counts: Counter[str], *, refused: bool, as_json: bool) -> None:
    headers = {"content-type": content_type}
    with httpx.stream("POST", url, content=file.read_bytes(), headers=headers, timeout=60) as answer, _bar() as bar:
        if answer.is_client_error:
            answer.read()
            complaints.print(f"{file}: {answer.json()['detail']}", markup=False, style="red")
            raise typer.Exit(WRONG)
        answer.raise_for_status()
        task = bar.add_task("rows", total=int(answer.headers["X-Rows"]))
        for line in answer.iter_lines():
            result = _results.validate_json(line)
            counts[result["result"]] += 1
            bar.advance(task)
            if not refused or result["errors"]:
                print(line if as_json else _sentence(result))


def _sentence(result: dict[str, Any]) -> str:
    why = "; ".join(f"{error['field']}: {error['detail']}" for error in result["errors"])
    return f"row {result['row']}  {result['product_id'] or '-'}  {result['result']}{'  ' if why else ''}{why}"


def _bar() -> Progress:
    """On the terminal above what is printed there; rows that go elsewhere are left alone."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty())
