"""`sellerdesk parked list | show | retry | drop` and `sellerdesk held`: the records that services could not apply."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.table import Table

from deploy.local.failure import StackFailure
from deploy.local.options import DataOption, StoreOption
from deploy.target import target

console = Console(highlight=False, soft_wrap=True)
app = typer.Typer(no_args_is_help=True, help="Records that a service could not apply, kept byte for byte.")
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ServiceOption = Annotated[str | None, typer.Option(help="Only of this service.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, change nothing.")]
GroupArgument = Annotated[str, typer.Argument(help="The consumer group, as `list` shows it.")]
KeyArgument = Annotated[str, typer.Argument(help="The record key, as `list` shows it.")]
IdOption = Annotated[str | None, typer.Option("--id", help="Only this record of the key.")]


@app.command("list")
def list_parked(
    service: ServiceOption = None,
    group: Annotated[str | None, typer.Option(help="Only of this consumer group.")] = None,
    key: Annotated[str | None, typer.Option(help="Only of this record key.")] = None,
    error: Annotated[str | None, typer.Option(help="Only with this error, such as ILLEGAL_MOVE.")] = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """Parked records, oldest first, and why each could not be applied."""
    wanted = {name: value for name, value in (("group", group), ("key", key), ("error", error)) if value is not None}
    rows = [
        row for url in _urls(service, target(store, data).urls).values() for row in _all(f"{url}/ops/parked", wanted)
    ]
    columns = ("group", "key", "error", "sentence", "type", "id", "attempts")
    _print(rows, columns, as_json, "No parked records.")


@app.command()
def show(id: str, store: StoreOption = None, data: DataOption = None) -> None:
    """One parked record with its headers and its value."""
    for url in target(store, data).urls.values():
        answer = _client().get(f"{url}/ops/parked/record", params={"id": id})
        if answer.status_code == httpx.codes.OK:
            console.print_json(answer.text)
            return
    raise StackFailure(f"No service has a parked record {id}.")


@app.command()
def retry(
    group: GroupArgument,
    key: KeyArgument,
    id: IdOption = None,
    dry_run: DryRun = False,
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """Apply a key's parked records again in their original order; exits 1 when some stay parked."""
    body = {"group": group, "key": key, "id": id, "dry_run": dry_run}
    answer = _post(_url_of(group, target(store, data).urls), "retry", body)
    verb = "Would apply" if dry_run else "Applied"
    console.print(f"{verb} {len(answer['applied'])}; {len(answer['still_parked'])} stay parked.")
    for record, sentence in answer["still_parked"].items():
        console.print(f"  {record}: {sentence}", markup=False)
    if answer["still_parked"]:
        raise typer.Exit(1)


@app.command()
def drop(
    group: GroupArgument,
    key: KeyArgument,
    id: IdOption = None,
    dry_run: DryRun = False,
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """Give a key's parked records up for good; their bytes stay in the service's audit."""
    body = {"group": group, "key": key, "id": id, "dry_run": dry_run}
    answer = _post(_url_of(group, target(store, data).urls), "drop", body)
    console.print(f"{'Would drop' if dry_run else 'Dropped'} {len(answer['dropped'])}.")


def held(
    service: ServiceOption = None, as_json: JsonOption = False, store: StoreOption = None, data: DataOption = None
) -> None:
    """Records that came too early, what each waits for, and until when."""
    rows = [row for url in _urls(service, target(store, data).urls).values() for row in _all(f"{url}/ops/held", {})]
    _print(rows, ("group", "key", "waits_for", "sentence", "expires_at"), as_json, "No held records.")


def _urls(service: str | None, urls: Any) -> dict[str, str]:
    if service is not None and service not in urls:
        raise StackFailure(f"There is no service {service}; there are {', '.join(urls)}.")
    return {name: url for name, url in urls.items() if service in (None, name)}


def _url_of(group: str, urls: Any) -> str:
    service = group.partition(".")[0]
    return _urls(service, urls)[service]


def _client() -> httpx.Client:
    return httpx.Client(timeout=60)


def _all(url: str, wanted: dict[str, str]) -> Iterator[dict[str, Any]]:
    cursor: dict[str, str] = {}
    with _client() as client:
        while True:
            try:
                page = client.get(url, params=wanted | cursor | {"limit": "200"}).raise_for_status().json()
            except httpx.HTTPError as error:
                raise StackFailure(f"{url} does not answer: {error!r}") from error
            yield from page["items"]
            if not page["next_cursor"]:
                return
            cursor = {"cursor": page["next_cursor"]}


def _post(url: str, verb: str, body: dict[str, Any]) -> dict[str, Any]:
    with _client() as client:
        answer = client.post(f"{url}/ops/parked/{verb}", json=body)
    if answer.is_error:
        raise StackFailure(f"{verb} was refused: {answer.json().get('detail', answer.text)}")
    found: dict[str, Any] = answer.json()
    return found


def _print(rows: list[dict[str, Any]], columns: tuple[str, ...], as_json: bool, nothing: str) -> None:
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    elif not rows:
        console.print(nothing)
    else:
        table = Table(*columns)
        for row in rows:
            table.add_row(*(str(row[column]) for column in columns))
        console.print(table)
