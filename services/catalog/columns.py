"""The columns of a CSV of products: one row per option, amounts in minor units, times in the store's zone. Pure."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo
from typing import Any

from pydantic_core import from_json

from services.catalog.domain.product import Option, Product
from shared.files.cells import in_zone, moment, number
from shared.files.reading import Values
from shared.files.writing import Cells

OPTION = {
    "option_id": "option_id",
    "option_name": "name",
    "sku": "sku",
    "price_difference": "price_difference",
    "stock": "stock",
    "safety_level": "safety_level",
}
"""Column → field of the option."""
SALE = {"sale_price": "price", "sale_from": "from", "sale_until": "until"}
COLUMNS = ("product_id", "name", "description", "category", "status", "list_price", *SALE, *OPTION, "images")
TEXTS = {"name", "description", "option_name", "sku"}
AMOUNTS = {"list_price", "sale_price", "price_difference"}
_COLUMN: dict[tuple[str, ...], str] = {
    **{("options", field): column for column, field in OPTION.items()},
    **{("sale_price", field): column for column, field in SALE.items()},
}


def product_values(cells: Values, currency: str, zone: tzinfo) -> Values:
    """What the cells say, in the shape that a product has over HTTP."""
    read = {column: _value(column, cell, currency, zone) for column, cell in cells.items()}
    values = {column: read[column] for column in read if column not in OPTION and column not in SALE}
    if sale := {field: read[column] for column, field in SALE.items() if column in read}:
        values["sale_price"] = sale
    if option := {field: read[column] for column, field in OPTION.items() if column in read}:
        values["options"] = [option]
    return values


def option_key(cells: Values) -> str | None:
    if "product_id" not in cells:
        return None
    option_id = cells.get("option_id", "default") if cells.keys() & OPTION.keys() else ""
    return f"product {cells['product_id']}{', option ' if option_id else ''}{option_id}"


def column_of(place: tuple[int | str, ...]) -> str:
    """The column of a value by its place in the product."""
    names = tuple(str(part) for part in place if isinstance(part, str))
    return _COLUMN.get(names[:2], names[0] if names else "")


def _value(column: str, cell: str, currency: str, zone: tzinfo) -> Any:
    match column:
        case "category":
            return _names(cell)
        case "images":
            return _listed(cell, str.split)
        case "status":
            return cell.upper()
        case "stock" | "safety_level":
            return number(cell)
        case "sale_from" | "sale_until":
            return moment(cell, zone)
    return {"amount": number(cell), "currency": currency} if column in AMOUNTS else cell


def _names(cell: str) -> list[str]:
    return _listed(cell, lambda plain: [name.strip() for name in plain.split(">")])


def _listed(cell: str, read: Callable[[str], list[str]]) -> list[str]:
    """A JSON list says what names with `>` or addresses with blanks in them could not, and `[]` that there are none."""
    try:
        found = from_json(cell) if cell.startswith("[") else None
    except ValueError:
        found = None
    return found if isinstance(found, list) else read(cell)


def product_rows(product: Product, zone: tzinfo) -> Iterator[Cells]:
    """A row per option that, read again, changes nothing. What is the product's own stands in its first row alone, so
    that an edit there is not taken back by the rows that follow."""
    own = _own_cells(product, zone)
    for option in product.options:
        cells = {"product_id": product.product_id} | own | _option_cells(option)
        yield [cells.get(column) for column in COLUMNS]
        own = {}


def _own_cells(product: Product, zone: tzinfo) -> dict[str, str | int | None]:
    sale = product.sale_price
    return {
        "name": product.name,
        "description": product.description,
        "category": _as_cell(product.category, " > ".join(product.category), _names),
        "status": product.status,
        "list_price": product.list_price.amount,
        "sale_price": sale.price.amount if sale else None,
        "sale_from": in_zone(sale.from_, zone) if sale else None,
        "sale_until": in_zone(sale.until, zone) if sale else None,
        "images": _as_cell(product.images, " ".join(product.images), str.split),
    }


def _option_cells(option: Option) -> dict[str, str | int | None]:
    return {
        "option_id": option.option_id,
        "option_name": option.name,
        "sku": option.sku,
        "price_difference": option.price_difference.amount,
        "stock": max(option.on_hand, 0),
        "safety_level": option.safety_level,
    }


def _as_cell(parts: Sequence[str], plain: str, read: Callable[[str], list[str]]) -> str:
    """Plain, where that says the same when it is read."""
    says_so = not plain.startswith("[") and read(plain) == list(parts)
    return plain if says_so or not parts else json.dumps(parts, ensure_ascii=False)
