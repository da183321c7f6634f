"""A gift shop's invoice lines with only what a test cares about; all values are text, as in the real ones."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from deploy.replay.online_retail_files import OnlineRetailFiles

Row = Mapping[str, str | None]
NAMES = ("Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "CustomerID", "Country")


def line(invoice: str = "500001", **other: str | None) -> Row:
    """Two of a product for 1.50 each, at noon."""
    usual: Row = {
        "Invoice": invoice,
        "StockCode": "10001",
        "Description": "A BELL",
        "Quantity": "2",
        "InvoiceDate": "2010-03-01 12:00:00",
        "Price": "1.50",
        "CustomerID": "12000",
        "Country": "France",
    }
    return {**usual, **other}


def back(invoice: str = "C500009", quantity: str = "-1", at: str = "2010-03-10 12:00:00", **other: str | None) -> Row:
    return line(invoice, **{"Quantity": quantity, "InvoiceDate": at, **other})


def files(folder: Path, rows: Sequence[Row], name: str = "invoices.parquet") -> OnlineRetailFiles:
    frame = pl.DataFrame(list(rows), schema=dict.fromkeys(NAMES, pl.String()))
    if name.endswith(".csv"):
        frame.write_csv(folder / name)
    else:
        frame.write_parquet(folder / name)
    return OnlineRetailFiles(folder)
