"""What the replay will not begin: one sentence, nothing sent."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from deploy.replay import completejourney_files
from deploy.replay.completejourney import CompleteJourney
from deploy.replay.completejourney_files import CompleteJourneyFiles
from deploy.replay.period import Period
from deploy.replay.refusal import ReplayRefused
from tests.replay.grocer import files, row


def rewrite(folder: Path, name: str, *columns: pl.Expr) -> None:
    pl.read_parquet(folder / name).select(*columns).write_parquet(folder / name)


def test_a_period_without_orders(tmp_path: Path) -> None:
    with pytest.raises(ReplayRefused, match=r"No order was placed in 2018-03-01 to 2018-03-02\."):
        CompleteJourney(files(tmp_path, [row()]), Period(date(2018, 3, 1), date(2018, 3, 2)))


def test_a_period_of_empty_baskets(tmp_path: Path) -> None:
    with pytest.raises(ReplayRefused, match=r"No order was placed in the whole file\."):
        CompleteJourney(files(tmp_path, [row(quantity=0)]), Period())


def test_a_period_that_ends_before_it_starts() -> None:
    with pytest.raises(ReplayRefused, match="ends on 2017-01-01, before it starts on 2017-01-02"):
        Period(date(2017, 1, 2), date(2017, 1, 1))


def test_a_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completejourney_files, "PACKAGE", "no_such_package")
    with pytest.raises(ReplayRefused, match="is not installed"):
        CompleteJourneyFiles.installed()


def test_a_missing_file(tmp_path: Path) -> None:
    files(tmp_path, [row()])
    (tmp_path / "products.parquet").unlink()
    with pytest.raises(ReplayRefused, match=r"products\.parquet is missing"):
        CompleteJourney(CompleteJourneyFiles(tmp_path), Period())


def test_a_file_that_is_no_parquet(tmp_path: Path) -> None:
    files(tmp_path, [row()])
    (tmp_path / "transactions.parquet").write_text("household_id,basket_id\n")
    with pytest.raises(ReplayRefused, match="cannot be read as parquet"):
        CompleteJourney(CompleteJourneyFiles(tmp_path), Period())


def test_a_missing_column(tmp_path: Path) -> None:
    grocer = files(tmp_path, [row()])
    rewrite(tmp_path, "transactions.parquet", pl.exclude("retail_disc"))
    with pytest.raises(ReplayRefused, match=r"transactions\.parquet lacks what the replay reads: retail_disc"):
        CompleteJourney(grocer, Period())


def test_a_column_of_another_type(tmp_path: Path) -> None:
    grocer = files(tmp_path, [row()])
    rewrite(tmp_path, "products.parquet", pl.exclude("product_id"), pl.col("product_id").cast(pl.String))
    with pytest.raises(ReplayRefused, match=r"products\.parquet lacks what the replay reads: product_id \(Int64\)"):
        CompleteJourney(grocer, Period())


@pytest.mark.parametrize(("column", "value"), [("quantity", -1), ("sales_value", -0.01), ("retail_disc", float("nan"))])
def test_a_figure_that_is_negative_or_no_number(tmp_path: Path, column: str, value: float) -> None:
    with pytest.raises(ReplayRefused, match=f"transactions.parquet has rows whose {column} is below 0 or no number"):
        CompleteJourney(files(tmp_path, [row(), {**row(), column: value}]), Period())


def test_a_row_with_a_hole(tmp_path: Path) -> None:
    with pytest.raises(ReplayRefused, match="has rows without basket_id"):
        CompleteJourney(files(tmp_path, [row(), row(basket_id=None)]), Period())
