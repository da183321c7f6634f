"""What is taken for the gift shop's files, and what is not: one sentence, nothing sent."""

from pathlib import Path

import polars as pl
import pytest

from deploy.replay.online_retail import OnlineRetail
from deploy.replay.online_retail_files import OnlineRetailFiles
from deploy.replay.period import Period
from deploy.replay.refusal import ReplayRefused
from tests.replay.gift_shop import Row, back, files, line
from tests.replay.test_commands import run


def refused(folder: Path) -> str:
    """The complaint, which is one sentence on one line."""
    with pytest.raises(ReplayRefused) as refusal:
        OnlineRetail(OnlineRetailFiles(folder), Period())
    sentence = str(refusal.value).replace(f"{folder}/", "").replace(str(folder), "DIR")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize(
    ("published", "customer", "date", "encoding"),
    [
        (["Invoice", "Price", "Customer ID"], "12000.0", "2010-03-01 12:00:00", "utf-8"),
        (["InvoiceNo", "UnitPrice", "CustomerID"], "12000", "3/1/2010 12:00", "cp1252"),
    ],
)
def test_the_published_csv_files_say_the_same(
    tmp_path: Path, published: list[str], customer: str, date: str, encoding: str
) -> None:
    (tmp_path / "parquet").mkdir()
    (tmp_path / "csv").mkdir()
    as_parquet = OnlineRetail(files(tmp_path / "parquet", [line(Description="A £1 BELL"), back()]), Period())
    texts = files(tmp_path / "csv", [line(Description="A £1 BELL", InvoiceDate=date), back()], "all.csv")
    path = tmp_path / "csv" / "all.csv"
    frame = pl.read_csv(path, infer_schema=False).with_columns(CustomerID=pl.lit(customer))
    frame = frame.rename(dict(zip(["Invoice", "Price", "CustomerID"], published, strict=True)))
    path.write_bytes(frame.write_csv().encode(encoding))
    as_csv = OnlineRetail(texts, Period())
    assert [*as_csv.products(), *as_csv.messages()] == [*as_parquet.products(), *as_parquet.messages()]


def test_several_files_are_read_as_one(tmp_path: Path) -> None:
    files(tmp_path, [line()], "year1.parquet")
    both = OnlineRetail(files(tmp_path, [line("500002", InvoiceDate="2011-03-01 12:00:00")], "year2.parquet"), Period())
    assert both.order_count == 2


def test_an_invoice_in_two_files(tmp_path: Path) -> None:
    files(tmp_path, [line()], "year1.parquet")
    files(tmp_path, [line()], "year2.parquet")
    assert refused(tmp_path) == (
        "year2.parquet has invoice 500001 that another file has, too; name a directory that has each invoice once."
    )


def test_a_directory_that_is_none(tmp_path: Path) -> None:
    assert refused(tmp_path / "shop") == "DIR is no directory; name the one that has the files of the data set."


def test_a_directory_of_nothing(tmp_path: Path) -> None:
    assert refused(tmp_path) == "DIR has neither parquet nor csv files; copy those of the data set there."


@pytest.mark.parametrize("left", [0, 0.5])
def test_a_parquet_file_half_written(tmp_path: Path, left: float) -> None:
    files(tmp_path, [line()])
    path = tmp_path / "invoices.parquet"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * left)])
    assert refused(tmp_path).startswith("invoices.parquet cannot be read as parquet, copy it again: ")


def test_a_csv_file_half_written(tmp_path: Path) -> None:
    files(tmp_path, [line()], "all.csv")
    path = tmp_path / "all.csv"
    path.write_bytes(path.read_bytes()[:-5])
    assert refused(tmp_path) == "all.csv ends in the middle of a line; copy it again."


def test_columns_that_are_missing(tmp_path: Path) -> None:
    files(tmp_path, [line()])
    path = tmp_path / "invoices.parquet"
    pl.read_parquet(path).drop("Price", "StockCode").write_parquet(path)
    assert refused(tmp_path) == "invoices.parquet lacks what the replay reads, as text: StockCode, Price."


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (line(InvoiceDate="01.03.2010"), "InvoiceDate is '01.03.2010'"),
        (line(InvoiceDate=None), "InvoiceDate is missing"),
        (line(Quantity="two"), "Quantity is 'two'"),
        (line(Price="1,50"), "Price is '1,50'"),
        (line(Price="0.0005"), "Price is '0.0005'"),
        (line(Price="nan"), "Price is 'nan'"),
        (line(StockCode=" "), "StockCode is missing"),
    ],
)
def test_a_row_that_cannot_be_read(tmp_path: Path, wrong: Row, complaint: str) -> None:
    files(tmp_path, [line(), wrong])
    assert refused(tmp_path) == f"invoices.parquet has a row whose {complaint}."


def test_the_commands_say_it_and_exit_with_2() -> None:
    done = run("replay", "online-retail")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "online-retail is read from the directory of its files: name it with --path DIR.\n"
    done = run("reconcile", "--source", "online-retail", "--path", "no/such")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
