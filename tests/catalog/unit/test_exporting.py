"""A file of products that was exported, and imported again."""

import csv
import io
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.catalog.columns import COLUMNS, product_rows
from services.catalog.commands import ImportProduct
from services.catalog.domain.editing import bring_in, register
from services.catalog.domain.product import Product, Shift
from services.catalog.importing import ProductFile
from shared.contracts.inbox_catalog import ProductSubmitted
from shared.files.writing import MARK, csv_text
from tests.catalog.builders import NOW, SELLER, SETTINGS, a_context, a_product, won

SEOUL = ZoneInfo("Asia/Seoul")
WRITTEN = st.text(alphabet=st.characters(codec="utf-8"), max_size=12) | st.text(
    alphabet="'=+-@\t\r\n>[]\" ,\x1c", max_size=5
)
NAMES = WRITTEN.filter(lambda text: text.strip() != "")
MOST = 10**15


@st.composite
def products(draw: st.DrawFn) -> Product:
    ids = draw(st.lists(st.from_regex(r"[a-z0-9]{1,4}", fullmatch=True), min_size=1, max_size=3, unique=True))
    options = [
        {
            "option_id": id,
            "name": draw(st.none() | NAMES),
            "sku": f"{draw(WRITTEN)}{id}",
            "price_difference": won(draw(st.integers(0, MOST))),
            "stock": draw(st.integers(0, 10**9)),
            "safety_level": draw(st.integers(0, 10**9)),
        }
        for id in ids
    ]
    until = draw(st.none() | st.datetimes(datetime(2026, 12, 1), timezones=st.just(ZoneInfo("UTC"))))
    sale = until and {"price": won(draw(st.integers(0, 10))), "from": NOW, "until": until}
    values: dict[str, Any] = {
        "name": draw(NAMES),
        "description": draw(WRITTEN),
        "category": draw(st.lists(NAMES, max_size=3)),
        "status": draw(st.sampled_from(["DRAFT", "ON_SALE", "SUSPENDED"])),
        "list_price": won(draw(st.integers(10, MOST))),
        "sale_price": sale,
        "options": options,
        "images": draw(st.lists(WRITTEN, max_size=3)),
    }
    return register(ProductSubmitted.model_validate({"product_id": "tee", **values}), a_context("r")).state


def exported(*products: Product) -> str:
    return MARK + csv_text([COLUMNS, *(row for product in products for row in product_rows(product, SEOUL))])


def imported(product: Product | None, text: str) -> Product:
    for _, told in ProductFile(text.encode(), csv=True, settings=SETTINGS).told():
        assert isinstance(told, ImportProduct), told
        product = bring_in(product, told, a_context(actor=SELLER)).state
    assert product is not None
    return product


@given(products())
def test_importing_what_was_exported_changes_nothing(product: Product) -> None:
    assert imported(product, exported(product)) is product


def test_another_store_has_the_same_product_after_it() -> None:
    sale = {"price": won(900), "from": NOW, "until": NOW + timedelta(days=1)}
    values: dict[str, Any] = {
        "description": "=soft",
        "category": ["옷", "A > B"],
        "images": ["/a b.jpg"],
        "sale_price": sale,
    }
    product = a_product(stock={"s": 3, "m": 0}, **values)
    there = imported(None, exported(product))
    assert there.public().model_dump(exclude={"updated_at"}) == product.public().model_dump(exclude={"updated_at"})


def test_the_status_is_the_one_that_was_set_and_a_shelf_below_zero_is_empty() -> None:
    short = a_product(stock=0).shifted({"default": Shift(on_hand=-2)})
    [row] = csv.DictReader(io.StringIO(exported(short).removeprefix(MARK)))
    assert (row["status"], row["stock"]) == ("ON_SALE", "0")


def test_what_is_the_product_s_own_is_said_once() -> None:
    first, second = csv.DictReader(io.StringIO(exported(a_product(stock={"s": 3, "m": 4})).removeprefix(MARK)))
    assert (first["name"], first["option_id"]) == ("T-shirt", "s")
    assert (second["name"], second["list_price"], second["option_id"], second["stock"]) == ("", "", "m", "4")
