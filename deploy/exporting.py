"""`sellerdesk export …`: what a service has, as a CSV that a spreadsheet opens and `sellerdesk import` reads."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import httpx
import typer

from deploy.asking import SILENT, complaints, detail
from deploy.local.options import DataOption, StoreOption
from deploy.target import target
from shared.contracts.catalog import ProductStatus

WRONG = 2
app = typer.Typer(no_args_is_help=True)
FileArgument = Annotated[Path, typer.Argument(dir_okay=False, help="Where to; what is there is replaced.")]


@app.callback()
def hand_out() -> None:
    """Files out of the store. Exits 0 when all is written, 2 when a filter or FILE is wrong, 3 when nobody answers."""


@app.command()
def products(
    file: FileArgument,
    status: Annotated[ProductStatus | None, typer.Option(help="REMOVED ones are exported only so.")] = None,
    category: Annotated[str | None, typer.Option(help="A name on the category path.")] = None,
    text: Annotated[str | None, typer.Option(help="Words within name, options and SKUs.")] = None,
    below_safety: Annotated[bool, typer.Option("--below-safety", help="Fewer than the safety level.")] = False,
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """Products, a row per option, as `sellerdesk import products` takes them."""
    wanted = {"status": status, "category": category, "text": text, "below_safety": "true" if below_safety else None}
    _fetch(f"{target(store, data).urls['catalog']}/products.csv", wanted, file)


@app.command()
def orders_to_ship(
    file: FileArgument,
    confirmed: Annotated[
        bool | None, typer.Option("--confirmed/--unconfirmed", help="Only what is, or is not yet, taken on (발주확인).")
    ] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only orders whose promise to ship has passed.")] = False,
    product: Annotated[str | None, typer.Option(help="Only orders of this product id.")] = None,
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """What may be shipped now, with its recipients: `import tracking` takes it with carrier and number filled in."""
    chosen = {"confirmed": confirmed, "overdue": overdue or None}
    wanted = {name: str(choice).lower() for name, choice in chosen.items() if choice is not None}
    url = target(store, data).urls["orders"]
    _fetch(f"{url}/orders/to-ship.csv", {**wanted, "product_id": product}, file)


def _fetch(url: str, wanted: Mapping[str, str | None], file: Path) -> None:
    """FILE is there once all of it is."""
    growing = file.with_name(f"{file.name}.part")
    try:
        _write(url, {name: value for name, value in wanted.items() if value is not None}, growing)
        growing.replace(file)
    except httpx.HTTPError as error:
        complaints.print(f"{url} does not answer: {error!r}", markup=False, style="red")
        raise typer.Exit(SILENT) from error
    except OSError as error:
        raise typer.BadParameter(f"cannot be written: {error}", param_hint="FILE") from error
    finally:
        growing.unlink(missing_ok=True)
    with file.open(encoding="utf-8-sig", newline="") as written:
        complaints.print(f"{sum(1 for _ in csv.reader(written)) - 1:,} rows.")


def _write(url: str, wanted: Mapping[str, str], file: Path) -> None:
    with file.open("wb") as out, httpx.stream("GET", url, params=wanted, timeout=60) as answer:
        if answer.is_client_error:
            answer.read()
            complaints.print(detail(answer), markup=False, style="red")
            raise typer.Exit(WRONG)
        answer.raise_for_status()
        for part in answer.iter_bytes():
            out.write(part)
