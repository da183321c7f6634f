"""The invoice lines of a UK gift shop: as parquet, or the CSV files they were published as; all text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from deploy.replay.columns import LARGEST, Column, Number, Text, parsed
from deploy.replay.refusal import ReplayRefused
from deploy.replay.texts import folder_of, trimmed, whole

FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%m/%d/%Y %H:%M")
KINDS = (".parquet", ".csv")


class Moment(Column):
    """Naive and local, in one of the ways in which the files were published."""

    def parsed(self, name: str) -> pl.Expr:
        return pl.coalesce(pl.col(name).str.to_datetime(form, time_unit="ms", strict=False) for form in FORMS)


class Price(Column):
    """In tenths of a penny; below 0 where a debt is written off."""

    def parsed(self, name: str) -> pl.Expr:
        tenths = pl.col(name).cast(pl.Float64, strict=False) * 1000
        exact = tenths.is_between(-LARGEST, LARGEST) & ((tenths - tenths.round()).abs() < 1e-4)
        return pl.when(exact).then(tenths.round().cast(pl.Int64, strict=False)).otherwise(None)


class Customer(Column):
    """A spreadsheet's whole number may have become a decimal."""

    def parsed(self, name: str) -> pl.Expr:
        return pl.col(name).str.strip_suffix(".0")


COLUMNS: Mapping[str, Column] = {
    "Invoice": Text(),
    "StockCode": Text(),
    "Description": Text(optional=True),
    "Quantity": Number(),
    "InvoiceDate": Moment(),
    "Price": Price(),
    "Customer ID": Customer(optional=True),
}
ALSO = {"InvoiceNo": "Invoice", "UnitPrice": "Price", "CustomerID": "Customer ID"}
"""Other names of columns, from other publications of the same data."""


@dataclass(frozen=True)
class OnlineRetailFiles:
    folder: Path

    def rows(self) -> pl.DataFrame:
        """Numbered as they stand in the files; a line that comes twice was sold twice."""
        frames: list[pl.DataFrame] = []
        for path in self._paths():
            frame = _read(path)
            for before in frames:
                _refuse_invoices_again(path, frame, before)
            frames.append(frame)
        return pl.concat(frames).with_row_index("row")

    def _paths(self) -> Sequence[Path]:
        """Of one kind, so that nothing is read twice."""
        folder = folder_of(self.folder)
        for kind in KINDS:
            if found := sorted(path for path in folder.iterdir() if path.suffix == kind and path.is_file()):
                return found
        raise ReplayRefused(f"{self.folder} has neither parquet nor csv files; copy those of the data set there.")


def _read(path: Path) -> pl.DataFrame:
    frame = whole(path)
    named = frame.rename({other: name for other, name in ALSO.items() if other in frame.columns})
    return parsed(path, trimmed(path, named, list(COLUMNS)), COLUMNS).select(
        invoice="Invoice",
        code=pl.col("StockCode").str.to_uppercase(),
        description="Description",
        quantity="Quantity",
        at="InvoiceDate",
        price="Price",
        customer="Customer ID",
    )


def _refuse_invoices_again(path: Path, frame: pl.DataFrame, before: pl.DataFrame) -> None:
    again = frame.join(before, on="invoice", how="semi")
    if again.height:
        sentence = f"{path} has invoice {again['invoice'][0]} that another file has, too"
        raise ReplayRefused(f"{sentence}; name a directory that has each invoice once.")
