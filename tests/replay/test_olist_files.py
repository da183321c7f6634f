"""What is not taken for the marketplace's files: one sentence, nothing sent."""

from pathlib import Path

import polars as pl
import pytest

from deploy.replay.olist import Olist
from deploy.replay.olist_files import OlistFiles
from deploy.replay.period import Period
from deploy.replay.refusal import ReplayRefused
from tests.replay.olist_market import Row, files, item, order
from tests.replay.test_commands import run


def refused(folder: Path) -> str:
    """The complaint, which is one sentence on one line."""
    with pytest.raises(ReplayRefused) as refusal:
        Olist(OlistFiles(folder), Period())
    sentence = str(refusal.value).replace(f"{folder}/", "").replace(str(folder), "DIR")
    assert "\n" not in sentence
    return sentence


def cut(path: Path, left: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * left)])


def test_a_directory_that_is_none(tmp_path: Path) -> None:
    assert refused(tmp_path / "olist") == "DIR is no directory; name the one that has the files of the data set."


@pytest.mark.parametrize("name", ["olist_orders", "olist_order_items", "olist_order_payments", "olist_order_reviews"])
def test_a_file_that_is_missing(tmp_path: Path, name: str) -> None:
    files(tmp_path, [order()])
    (tmp_path / f"{name}.parquet").unlink()
    assert refused(tmp_path) == (
        f"DIR has neither {name}.parquet nor {name}_dataset.csv; copy all files of the data set there."
    )


def test_a_parquet_file_half_written(tmp_path: Path) -> None:
    files(tmp_path, [order()])
    cut(tmp_path / "olist_order_items.parquet", left=0.5)
    assert refused(tmp_path).startswith("olist_order_items.parquet cannot be read as parquet, copy it again: ")


def test_a_parquet_file_of_nothing(tmp_path: Path) -> None:
    files(tmp_path, [order()])
    cut(tmp_path / "olist_orders.parquet", left=0)
    assert refused(tmp_path).startswith("olist_orders.parquet cannot be read as parquet, copy it again: ")


@pytest.mark.parametrize("left", [0, 0.5, 0.99])
def test_a_csv_file_half_written(tmp_path: Path, left: float) -> None:
    files(tmp_path, [order(), order("o2")], csv=True)
    cut(tmp_path / "olist_customers_dataset.csv", left)
    assert refused(tmp_path) == "olist_customers_dataset.csv ends in the middle of a line; copy it again."


def test_a_csv_file_with_a_stray_quote(tmp_path: Path) -> None:
    files(tmp_path, [order()], csv=True)
    with (tmp_path / "olist_orders_dataset.csv").open("a") as out:
        out.write('"o2,"c2"\n')
    assert refused(tmp_path).startswith("olist_orders_dataset.csv cannot be read as csv, copy it again: ")


@pytest.mark.parametrize("name", ["orders", "customers", "products"])
def test_a_file_cut_between_two_lines_lacks_what_the_others_name(tmp_path: Path, name: str) -> None:
    files(tmp_path, [order("o1"), order("o2")], [item("o1"), item("o2", product="p2")])
    path = tmp_path / f"olist_{name}.parquet"
    pl.read_parquet(path).head(1).write_parquet(path)
    assert f"that olist_{name}.parquet lacks" in refused(tmp_path)
    assert refused(tmp_path).endswith("for one; copy both files again.")


def test_columns_that_are_missing(tmp_path: Path) -> None:
    files(tmp_path, [order()])
    path = tmp_path / "olist_order_items.parquet"
    pl.read_parquet(path).drop("price", "seller_id").write_parquet(path)
    assert refused(tmp_path) == "olist_order_items.parquet lacks what the replay reads, as text: seller_id, price."


def test_a_column_of_another_type(tmp_path: Path) -> None:
    files(tmp_path, [order()])
    path = tmp_path / "olist_order_items.parquet"
    pl.read_parquet(path).with_columns(pl.col("price").cast(pl.Float64)).write_parquet(path)
    assert refused(tmp_path) == "olist_order_items.parquet lacks what the replay reads, as text: price."


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (order("a b"), "order_id is 'a b'"),
        (order(order_purchase_timestamp=None), "order_purchase_timestamp is missing"),
        (order(order_purchase_timestamp=" "), "order_purchase_timestamp is missing"),
        (order(order_approved_at="2017-10-16"), "order_approved_at is '2017-10-16'"),
        (order(order_delivered_carrier_date="2017-02-30 00:00:00"), "order_delivered_carrier_date is '2017-02-30"),
    ],
)
def test_an_order_that_cannot_be_read(tmp_path: Path, wrong: Row, complaint: str) -> None:
    files(tmp_path, [order("o0"), wrong])
    assert refused(tmp_path).startswith(f"olist_orders.parquet has a row whose {complaint}")


@pytest.mark.parametrize("price", ["-0.01", "nan", "inf", "10,00", "1e10"])
def test_a_price_that_is_none(tmp_path: Path, price: str) -> None:
    files(tmp_path, [order()], [item(price=price)])
    assert refused(tmp_path) == f"olist_order_items.parquet has a row whose price is '{price}'."


def test_an_order_told_twice(tmp_path: Path) -> None:
    files(tmp_path, [order(), order()])
    assert refused(tmp_path) == "olist_orders.parquet has several rows of order_id o1."


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["replay", "olist"], "olist is read from the directory of its files: name it with --path DIR.\n"),
        (["replay", "completejourney", "--path", "."], "--path is for the others.\n"),
        (
            ["reconcile", "--source", "olist", "--path", "no/such"],
            "no/such is no directory; name the one that has the files of the data set.\n",
        ),
        (["reconcile", "--path", "."], "--path names the files of a --source.\n"),
    ],
)
def test_the_commands_say_it_and_exit_with_2(arguments: list[str], sentence: str) -> None:
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.endswith(sentence)
    assert done.stderr.count("\n") == 1
