"""`sellerdesk import products` and `export products` as a person types them."""

import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from typer.testing import CliRunner, Result

from deploy.cli import application
from tests.support.running import Store
from tests.support.stack import Stack

NOWHERE = "http://127.0.0.1:9"
Import = Callable[..., Result]


def run(catalog: str, *arguments: str | Path, verb: str = "import") -> Result:
    urls = {f"{name}_URL": NOWHERE for name in ("ORDERS", "INQUIRIES", "ANALYTICS")} | {"CATALOG_URL": catalog}
    environment = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9", **urls}
    return CliRunner(env=environment).invoke(application([verb]), [verb, "products", *map(str, arguments)])


@pytest_asyncio.fixture(scope="module")
async def bring_in(stack: Stack) -> AsyncIterator[Import]:
    async with Store(stack).opened() as store:
        catalog = await store.start("catalog")
        yield partial(run, catalog.url)


@pytest.mark.stack
def test_each_row_has_a_result_and_refused_ones_make_the_exit_code(bring_in: Import, tmp_path: Path) -> None:
    file = tmp_path / "products.csv"
    file.write_bytes("product_id,name,list_price\nknit,메리노 니트,59000\nbad,나쁜 값,싸다\n".encode("cp949"))
    done = bring_in(file)
    assert done.stdout.splitlines() == [
        "row 2  knit  REGISTERED",
        "row 3  bad  REFUSED  list_price: Input should be a valid integer",
    ]
    assert done.exit_code == 1
    assert "2 rows: 1 refused, 1 registered." in done.stderr
    [line] = bring_in(file, "--refused", "--json").stdout.splitlines()
    assert json.loads(line)["row"] == 3
    file.write_text('\ufeffproduct_id,name\nknit,"Merino, navy"\n', encoding="utf-8")
    assert [bring_in(file).exit_code, bring_in(file).stdout] == [0, "row 2  knit  UNCHANGED\n"]


@pytest.mark.stack
def test_a_file_that_is_none_of_products_is_refused_by_name(bring_in: Import, tmp_path: Path) -> None:
    file = tmp_path / "wrong.csv"
    file.write_text("id,price\n1,2\n")
    done = bring_in(file)
    assert done.exit_code == 2
    assert "wrong.csv: column 'id' is not known" in done.stderr


@pytest.mark.stack
def test_an_exported_file_is_whole_or_not_there(bring_in: Import, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("product_id,name,list_price,category\nmug,머그컵,100,잔\n", encoding="utf-8")
    bring_in(file)
    out = tmp_path / "out.csv"
    done = bring_in(out, "--category", "잔", verb="export")
    assert (done.exit_code, done.stderr) == (0, "1 rows.\n")
    assert out.read_text(encoding="utf-8-sig").splitlines()[1].startswith("mug,머그컵,")
    assert bring_in(out).stdout == "row 2  mug  UNCHANGED\n"
    wrong = bring_in(tmp_path / "wrong.csv", "--category", "", verb="export")
    assert (wrong.exit_code, "category" in wrong.stderr) == (2, True)
    assert bring_in(tmp_path / "no" / "where.csv", verb="export").exit_code == 2
    assert run(NOWHERE, tmp_path / "silent.csv", verb="export").exit_code == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_a_file_of_another_kind_and_a_silent_catalog(tmp_path: Path) -> None:
    file = tmp_path / "products.xlsx"
    file.touch()
    assert run(NOWHERE, file).exit_code == 2
    assert run(NOWHERE, tmp_path / "missing.csv").exit_code == 2
    silent = run(NOWHERE, file.rename(tmp_path / "products.CSV"))
    assert silent.exit_code == 3
    assert f"{NOWHERE} does not answer" in silent.stderr
