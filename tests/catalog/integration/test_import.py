"""Files of products over HTTP, in and out, on the real stack."""

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.support.processes import Process
from tests.support.stack import Stack
from tests.support.store import Store

pytestmark = pytest.mark.stack
CSV, JSON_LINES = {"content-type": "text/csv; charset=euc-kr"}, {"content-type": "application/jsonl"}


@pytest_asyncio.fixture(scope="module")
async def catalog(stack: Stack) -> AsyncIterator[Process]:
    async with Store(stack).opened() as store:
        yield await store.start("catalog")


async def imported(catalog: Process, content: bytes, headers: dict[str, str] = CSV) -> list[dict[str, Any]]:
    answer = await catalog.http.post("/products/import", content=content, headers={"X-Actor": "seller:7f3a", **headers})
    assert answer.status_code == 200, answer.text
    results = [json.loads(line) for line in answer.text.splitlines()]
    assert len(results) == int(answer.headers["X-Rows"])
    return results


async def test_a_spreadsheet_in_cp949_registers_and_edits_and_says_what_became_of_each_row(catalog: Process) -> None:
    text = (
        "product_id,name,list_price,option_id,stock\n"
        "knit,메리노 니트,59000,s,3\n"
        "knit,,,m,4\n"
        "bad,나쁜 값,싸다,,\n"
        "nameless,,1000,,\n"
        "cup,컵,3000,,\n"
    )
    first = await imported(catalog, text.encode("cp949"))
    assert [(row["row"], row["product_id"], row["result"]) for row in first] == [
        (2, "knit", "REGISTERED"),
        (3, "knit", "UPDATED"),
        (4, "bad", "REFUSED"),
        (5, "nameless", "REFUSED"),
        (6, "cup", "REGISTERED"),
    ]
    assert [error["field"] for row in first for error in row["errors"]] == ["list_price", "name"]
    knit = (await catalog.http.get("/products/knit")).json()
    assert knit["name"] == "메리노 니트"
    assert {option["option_id"]: option["on_hand"] for option in knit["options"]} == {"s": 3, "m": 4}
    history = (await catalog.http.get("/products/knit/history")).json()["items"]
    assert {row["by"] for row in history} == {"seller:7f3a"}
    again = await imported(catalog, text.encode("utf-8-sig"))
    assert [row["result"] for row in again] == ["UNCHANGED", "UNCHANGED", "REFUSED", "REFUSED", "UNCHANGED"]


async def test_an_import_makes_the_etag_of_an_editor_stale(catalog: Process) -> None:
    price = {"amount": 1000, "currency": "KRW"}
    tag = (await catalog.http.post("/products", json={"product_id": "e", "name": "E", "list_price": price})).headers
    line = json.dumps({"product_id": "e", "status": "SUSPENDED", "list_price": {**price, "amount": 1}}).encode()
    assert [row["result"] for row in await imported(catalog, line, JSON_LINES)] == ["UPDATED"]
    stale = await catalog.http.patch("/products/e", json={"name": "F"}, headers={"If-Match": tag["ETag"]})
    assert stale.status_code == 412


async def test_two_thousand_rows_are_answered_row_by_row(catalog: Process) -> None:
    lines = [
        json.dumps({"product_id": f"many-{n}", "name": f"No. {n}", "list_price": {"amount": n, "currency": "KRW"}})
        for n in range(2000)
    ]
    lines[999] = lines[999].replace("KRW", "USD")
    results = await imported(catalog, "\n".join(lines).encode(), JSON_LINES)
    refused = [row for row in results if row["result"] != "REGISTERED"]
    assert [(row["row"], row["errors"][0]["field"]) for row in refused] == [(1000, "list_price")]
    assert [row["row"] for row in results] == list(range(1, 2001))


async def exported(catalog: Process, **wanted: str) -> bytes:
    answer = await catalog.http.get("/products.csv", params=wanted)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="products.csv"'
    return answer.content


async def test_what_is_exported_changes_nothing_when_it_is_imported(catalog: Process) -> None:
    text = "product_id,name,list_price,category,option_id,sku,stock\nodd,=1+1,5,옷 > 니트,s,+82,3\nodd,,,,m,-1,4\n"
    assert {row["result"] for row in await imported(catalog, text.encode())} == {"REGISTERED", "UPDATED"}
    content = await exported(catalog, category="니트")
    assert content.startswith(b"\xef\xbb\xbfproduct_id,")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [(row["name"], row["sku"], row["stock"]) for row in rows] == [("'=1+1", "'+82", "3"), ("", "'-1", "4")]
    assert [row["result"] for row in await imported(catalog, content)] == ["UNCHANGED", "UNCHANGED"]


async def test_an_export_has_what_the_list_has_and_all_of_it(catalog: Process) -> None:
    lines = [f"all-{n},No. {n},{n},{'하나' if n == 7 else '모두'}\n" for n in range(450)]
    await imported(catalog, ("product_id,name,list_price,category\n" + "".join(lines)).encode())
    everything = csv.DictReader(io.StringIO((await exported(catalog, category="모두")).decode("utf-8-sig")))
    assert sorted(row["product_id"] for row in everything) == sorted(f"all-{n}" for n in range(450) if n != 7)
    [only] = csv.DictReader(io.StringIO((await exported(catalog, category="하나")).decode("utf-8-sig")))
    assert only["product_id"] == "all-7"
    assert len((await exported(catalog, text="nowhere")).splitlines()) == 1
    wrong = await catalog.http.get("/products.csv", params={"status": "GONE"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "status")


@pytest.mark.parametrize(
    ("content", "content_type", "status", "sentence"),
    [
        (b"product_id\n", "application/json", 415, "text/csv"),
        (b"product_id\n", "", 415, "text/csv"),
        (b"name\nx\n", "text/csv", 422, "product_id is missing"),
        (b"product_id,prise\nx,1\n", "text/csv", 422, "'prise' is not known"),
        (b"\x81\xff\xff", "text/csv", 422, "neither UTF-8 nor CP949"),
        (b"x" * 20_000_001, "text/csv", 413, "20,000,000 bytes"),
        (b"product_id\n" + b"x\n" * 100_001, "text/csv", 422, "100,001 rows"),
    ],
)
async def test_what_is_no_file_of_products_is_refused_as_a_whole(
    catalog: Process, content: bytes, content_type: str, status: int, sentence: str
) -> None:
    answer = await catalog.http.post("/products/import", content=content, headers={"content-type": content_type})
    assert answer.status_code == status
    assert sentence in answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"
