"""`sellerdesk held list`: records that came too early, what each waits for, and until when."""

from typing import Annotated

import typer

from deploy.asking import (
    GroupOption,
    JsonOption,
    KeyOption,
    LimitOption,
    OlderOption,
    ServiceOption,
    TypeOption,
    ask,
    services,
    show,
)
from deploy.local.options import DataOption, StoreOption
from deploy.target import target

app = typer.Typer(no_args_is_help=True, help="Records that came too early and wait for another.")


@app.callback()
def held() -> None:
    """Records that came too early and wait for another. Exits 3 when a service does not answer."""


@app.command("list")
def list_held(
    service: ServiceOption = None,
    group: GroupOption = None,
    key: KeyOption = None,
    type: TypeOption = None,
    waits_for: Annotated[str | None, typer.Option("--waits-for", help="Only for this document: KIND/ID.")] = None,
    older_than: OlderOption = None,
    limit: LimitOption = 200,
    as_json: JsonOption = False,
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """Held records, oldest first, what each waits for, and when it is parked."""
    asked = services(target(store, data).urls, service, group)
    wanted = {"group": group, "key": key, "type": type, "waits_for": waits_for, "older_than": older_than}
    answers = ask(asked, "/ops/held", limit, **wanted)
    columns = ("group", "key", "type", "waits_for", "sentence", "expires_at")
    show(answers, columns, as_json=as_json, nothing="No held records.")
