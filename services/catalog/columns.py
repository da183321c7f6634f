"""The columns of a CSV of products: one row per option, amounts in minor units, times in the store's zone. Pure."""

import re
from datetime import datetime, tzinfo
from typing import Any

from services.catalog.files import Values

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
AMOUNTS = {"list_price", "sale_price", "price_difference"}
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3})+)")
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
    """What is no number or no time stays text, to be refused by its column's name."""
    match column:
        case "category":
            return [name.strip() for name in cell.split(">")]
        case "images":
            return cell.split()
        case "status":
            return cell.upper()
        case "stock" | "safety_level":
            return _number(cell)
        case "sale_from" | "sale_until":
            return _moment(cell, zone)
    return {"amount": _number(cell), "currency": currency} if column in AMOUNTS else cell


def _number(cell: str) -> int | str:
    return int(cell.replace(",", "")) if _NUMBER.fullmatch(cell) else cell


def _moment(cell: str, zone: tzinfo) -> datetime | str:
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        return cell
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
