"""`sellerdesk import` and `export` as a person types them."""

import csv
import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from typer.testing import CliRunner, Result

from deploy.cli import application
from tests.orders.integration.conftest import ORDER, won
from tests.support.eventually import eventually
from tests.support.stack import Stack
from tests.support.store import Store

NOWHERE = "http://127.0.0.1:9"
Command = Callable[..., Result]


def run(catalog: str, orders: str, *words: str | Path) -> Result:
    urls = {"CATALOG_URL": catalog, "ORDERS_URL": orders, "INQUIRIES_URL": NOWHERE, "ANALYTICS_URL": NOWHERE}
    environment = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9", **urls}
    return CliRunner(env=environment).invoke(application([str(words[0])]), [*map(str, words)])


@pytest_asyncio.fixture(scope="module")
async def urls(stack: Stack) -> AsyncIterator[tuple[str, str]]:
    async with Store(stack).opened() as store:
        catalog, orders = await store.start("catalog"), await store.start("orders")
        yield catalog.url, orders.url


nowhere = partial(run, NOWHERE, NOWHERE)


@pytest.fixture
def sellerdesk(urls: tuple[str, str]) -> Command:
    return partial(run, *urls)


@pytest.mark.stack
def test_each_row_has_a_result_and_refused_ones_make_the_exit_code(sellerdesk: Command, tmp_path: Path) -> None:
    file = tmp_path / "products.csv"
    file.write_bytes("product_id,name,list_price\nknit,메리노 니트,59000\nbad,나쁜 값,싸다\n".encode("cp949"))
    done = sellerdesk("import", "products", file)
    assert done.stdout.splitlines() == [
        "row 2  knit  REGISTERED",
        "row 3  bad  REFUSED  list_price: Input should be a valid integer",
    ]
    assert done.exit_code == 1
    assert "2 rows: 1 refused, 1 registered." in done.stderr
    [line] = sellerdesk("import", "products", file, "--refused", "--json").stdout.splitlines()
    assert json.loads(line)["row"] == 3
    file.write_text('\ufeffproduct_id,name\nknit,"Merino, navy"\n', encoding="utf-8")
    assert [sellerdesk("import", "products", file).exit_code, sellerdesk("import", "products", file).stdout] == [
        0,
        "row 2  knit  UNCHANGED\n",
    ]


@pytest.mark.stack
def test_a_file_that_is_none_of_products_is_refused_by_name(sellerdesk: Command, tmp_path: Path) -> None:
    file = tmp_path / "wrong.csv"
    file.write_text("id,price\n1,2\n")
    done = sellerdesk("import", "products", file)
    assert done.exit_code == 2
    assert "wrong.csv: column 'id' is not known" in done.stderr


@pytest.mark.stack
def test_an_exported_file_is_whole_or_not_there(sellerdesk: Command, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("product_id,name,list_price,category\nmug,머그컵,100,잔\n", encoding="utf-8")
    sellerdesk("import", "products", file)
    out = tmp_path / "out.csv"
    done = sellerdesk("export", "products", out, "--category", "잔")
    assert (done.exit_code, done.stderr) == (0, "1 rows.\n")
    assert out.read_text(encoding="utf-8-sig").splitlines()[1].startswith("mug,머그컵,")
    assert sellerdesk("import", "products", out).stdout == "row 2  mug  UNCHANGED\n"
    wrong = sellerdesk("export", "products", tmp_path / "wrong.csv", "--category", "")
    assert (wrong.exit_code, "category" in wrong.stderr) == (2, True)
    assert sellerdesk("export", "products", tmp_path / "no" / "where.csv").exit_code == 2
    assert nowhere("export", "products", tmp_path / "silent.csv").exit_code == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


async def paid_order(url: str, id: str) -> None:
    async with httpx.AsyncClient(base_url=url) as orders:
        await orders.post("/orders", json=ORDER | {"order_id": id})
        await orders.post(f"/orders/{id}/payments", json={"amount": won(13_000)})

        async def reserved() -> Any:
            return (await orders.get(f"/orders/{id}")).json()["stock"] == "RESERVED"

        await eventually(reserved)


@pytest.mark.stack
async def test_what_is_to_be_shipped_goes_out_and_comes_back_with_its_numbers(
    urls: tuple[str, str], sellerdesk: Command, tmp_path: Path
) -> None:
    shelf, file = tmp_path / "shelf.csv", tmp_path / "to-ship.csv"
    shelf.write_text("product_id,name,list_price,stock\nprd_mug,Mug,5000,9\n")
    sellerdesk("import", "products", shelf)
    await paid_order(urls[1], "o1")
    await paid_order(urls[1], "o2")
    assert sellerdesk("export", "orders-to-ship", file, "--unconfirmed").stderr == "2 rows.\n"
    with file.open(encoding="utf-8-sig", newline="") as exported:
        header, first, second = csv.reader(exported)
    second[-2:] = "CJGLS", "6400"
    with file.open("w", encoding="cp949", newline="") as filled:
        csv.writer(filled).writerows([header, first, second])
    done = sellerdesk("import", "tracking", file)
    assert (done.exit_code, done.stdout) == (0, "row 2  o1 1  SKIPPED\nrow 3  o2 1  SHIPPED\n")
    assert "2 rows: 1 shipped, 1 skipped." in done.stderr
    assert "2 rows: 1 skipped, 1 unchanged." in sellerdesk("import", "tracking", file).stderr
    second[-1] = "6401"
    with file.open("w", encoding="utf-8", newline="") as other:
        csv.writer(other).writerows([header, second])
    [told] = sellerdesk("import", "tracking", file, "--refused").stdout.splitlines()
    assert told.startswith("row 2  o2 1  REFUSED  row: nothing is left to ship (allowed: correct_tracking, deliver,")
    assert sellerdesk("export", "orders-to-ship", file, "--overdue").stderr == "0 rows.\n"


@pytest.mark.stack
def test_a_file_of_more_rows_than_one_import_takes_is_sent_in_pieces(sellerdesk: Command, tmp_path: Path) -> None:
    file = tmp_path / "many.csv"
    rows = "".join(f"many-{n},CJGLS,\n" for n in range(20_500))
    file.write_text(f"order_id,carrier,tracking_number\n{rows}nobody,CJGLS,1\n")
    done = sellerdesk("import", "tracking", file, "--refused")
    assert done.stdout == "row 20502  nobody  REFUSED  order_id: order nobody is not known\n"
    assert (done.exit_code, "20,501 rows: 1 refused, 20,500 skipped." in done.stderr) == (1, True)


def test_a_file_of_another_kind_and_a_silent_catalog(tmp_path: Path) -> None:
    file = tmp_path / "products.xlsx"
    file.touch()
    assert nowhere("import", "products", file).exit_code == 2
    assert nowhere("import", "products", tmp_path / "missing.csv").exit_code == 2
    silent = nowhere("import", "products", file.rename(tmp_path / "products.CSV"))
    assert silent.exit_code == 3
    assert f"{NOWHERE} does not answer" in silent.stderr
