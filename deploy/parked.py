"""`sellerdesk parked`: the records that services could not apply; the verbs that change them are elsewhere."""

from typing import Annotated

import httpx
import typer

from deploy.asking import (
    Answers,
    ErrorOption,
    GroupOption,
    JsonOption,
    KeyOption,
    LimitOption,
    OlderOption,
    ServiceOption,
    TypeOption,
    ask,
    console,
    services,
    show,
)
from deploy.local.failure import StackFailure
from deploy.local.options import DataOption, StoreOption
from deploy.parked_changes import drop, drop_all, retry, retry_all
from deploy.target import target

NewestOption = Annotated[int, typer.Option("--limit", min=1, help="At most so many, the newest of each service.")]
app = typer.Typer(no_args_is_help=True)


@app.callback()
def parked() -> None:
    """Records that a service could not apply, kept byte for byte.

    Exits 0 when all is done, 1 when records stay parked or nothing is there, 2 when the command is wrong, 3 when a
    service does not answer.
    """


@app.command("list")
def list_parked(
    service: ServiceOption = None,
    group: GroupOption = None,
    key: KeyOption = None,
    type: TypeOption = None,
    error: ErrorOption = None,
    older_than: OlderOption = None,
    limit: LimitOption = 200,
    as_json: JsonOption = False,
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """Parked records, oldest first, and why each could not be applied."""
    asked = services(target(store, data).urls, service, group)
    answers = ask(asked, "/ops/parked", limit, group=group, key=key, type=type, error=error, older_than=older_than)
    columns = ("group", "key", "error", "sentence", "type", "id", "attempts")
    show(answers, columns, as_json=as_json, nothing="No parked records.")


@app.command("show")
def show_one(id: str, store: StoreOption = None, data: DataOption = None) -> None:
    """One parked record with its headers and its value."""
    silent = Answers()
    for name, url in services(target(store, data).urls, None, id.partition("|")[0]).items():
        try:
            answer = httpx.get(f"{url}/ops/parked/record", params={"id": id}, timeout=60)
        except httpx.TransportError as error:
            silent.silent.append(f"{name} does not answer at {url}: {error!r}")
            continue
        if answer.is_success:
            console.print_json(answer.text)
            return
    silent.end()
    raise StackFailure(f"No service has a parked record {id}.")


@app.command("audit")
def list_audit(
    service: ServiceOption = None,
    group: GroupOption = None,
    key: KeyOption = None,
    actor: Annotated[str | None, typer.Option("--actor", help="Only by this operator.")] = None,
    limit: NewestOption = 50,
    as_json: JsonOption = False,
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """Who retried or dropped what, newest first."""
    asked = services(target(store, data).urls, service, group)
    answers = ask(asked, "/ops/parked/audit", limit, group=group, key=key, actor=actor)
    show(
        answers, ("at", "actor", "what", "group", "key", "record"), as_json=as_json, nothing="Nobody changed anything."
    )


for change in (retry, retry_all, drop, drop_all):
    app.command(change.__name__.replace("_", "-"))(change)
