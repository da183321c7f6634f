"""How the commands name a store and its data directory."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.local import lifecycle
from deploy.local.failure import StackFailure
from deploy.local.store import DATA, StoreName

StoreOption = Annotated[StoreName | None, typer.Option("--store", help="Which store; otherwise the one that runs.")]
DataOption = Annotated[Path | None, typer.Option("--data", help="Its data directory.  [default: .data/STORE]")]


def directory_of(store: StoreName | None, data: Path | None) -> Path:
    return (data or DATA / (store or "default")).absolute()


def running_directory(store: StoreName | None, data: Path | None) -> Path:
    if store or data:
        return directory_of(store, data)
    match lifecycle.running(DATA):
        case [directory]:
            return directory
        case []:
            raise StackFailure("Nothing runs. `sellerdesk up` starts it.")
        case several:
            raise StackFailure(f"Several stores run; name one with --store: {', '.join(d.name for d in several)}.")
