"""Files as people have them: spreadsheets from Korea, missing columns, broken rows."""

import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.catalog.commands import ImportProduct
from services.catalog.importing import ProductFile, RowResult, Told
from shared.runtime.decision import Invalid
from tests.catalog.builders import SETTINGS, won

HEADER = "product_id,name,list_price\n"


def told(text: str, *, csv: bool = True) -> dict[int, Told]:
    return dict(ProductFile(text.encode(), csv=csv, settings=SETTINGS).told())


def row(text: str) -> dict[str, Any]:
    [message] = told(text).values()
    assert isinstance(message, ImportProduct), message
    return {name: getattr(message.row, name) for name in message.row.model_fields_set}


def errors(text: str, *, csv: bool = True) -> dict[int, dict[str, str]]:
    refused = {row: told for row, told in told(text, csv=csv).items() if isinstance(told, RowResult)}
    return {row: {error.field: error.detail for error in result.errors} for row, result in refused.items()}


def test_a_row_says_what_its_cells_say_and_nothing_of_the_empty_ones() -> None:
    assert row("product_id;name;description;list_price\ntee; T-shirt ;;59,000\n") == {
        "product_id": "tee",
        "name": "T-shirt",
        "list_price": won(59_000),
    }


def test_every_column_has_its_field() -> None:
    said = row(
        "product_id,category,status,sale_price,sale_from,sale_until,option_id,option_name,sku,price_difference,"
        "stock,safety_level,images\n"
        'tee,"의류 > 니트",on_sale,900,2026-11-20,2026-11-30T15:00:00Z,m,"Navy, M",KN-1,-100,12,3,/a.jpg /b.jpg\n'
    )
    assert said["category"] == ("의류", "니트")
    assert said["status"] == "ON_SALE"
    assert said["images"] == ("/a.jpg", "/b.jpg")
    [option] = said["options"]
    assert (option.option_id, option.name, option.sku, option.stock) == ("m", "Navy, M", "KN-1", 12)
    assert (option.price_difference, option.safety_level) == (won(-100), 3)
    assert said["sale_price"].from_ == datetime(2026, 11, 19, 15, 0, tzinfo=UTC)
    assert said["sale_price"].until == datetime(2026, 11, 30, 15, 0, tzinfo=UTC)


def test_names_and_addresses_that_hold_what_parts_them_are_a_json_list() -> None:
    said = row('product_id,category,images\ntee,"[""A > B"", ""C""]","[""/a b.jpg"", """"]"\n')
    assert said["category"] == ("A > B", "C")
    assert said["images"] == ("/a b.jpg", "")
    assert row("product_id,category\ntee,[A > B]\n")["category"] == ("[A", "B]")
    assert set(errors("product_id,category\ntee," + "[" * 100_000)[2]) == {"category"}


@pytest.mark.parametrize("column", ["category", "images"])
def test_an_empty_list_is_none_of_them(column: str) -> None:
    assert row(f"product_id,{column}\ntee,[]\n") == {"product_id": "tee", column: ()}
    assert row(f"product_id,{column}\ntee,\n") == {"product_id": "tee"}


@pytest.mark.parametrize(
    ("header", "field", "sentence"),
    [
        ("", "product_id", "missing"),
        ("name,list_price", "product_id", "missing"),
        ("product_id,prise", "prise", "not known; known are product_id, name,"),
        ("product_id,name,NAME", "name", "more than once"),
    ],
)
def test_a_wrong_header_refuses_the_file_by_the_column_s_name(header: str, field: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence) as refused:
        told(f"{header}\na,b,c\n")
    assert refused.value.field == field


def test_a_bad_row_is_told_what_is_wrong_with_it_and_stops_no_other() -> None:
    text = (
        "product_id,name,list_price,stock,sale_price\ntee,T,1.50,many,\n,T,1,,\nmug,Mug,1,2,\na b,x,1,,5\nmug,Mug,1,,\n"
    )
    found = told(text)
    assert isinstance(found[4], ImportProduct)
    assert {row: set(wrong) for row, wrong in errors(text).items()} == {
        2: {"list_price", "stock"},
        3: {"product_id"},
        5: {"product_id", "sale_from", "sale_until"},
    }
    assert isinstance(found[6], ImportProduct)


def test_the_same_option_twice_is_refused_and_names_the_first() -> None:
    text = "product_id,option_id,stock\ntee,s,1\ntee,m,1\n\ntee,s,2\n"
    assert errors(text) == {5: {"row": "product tee, option s is in row 2 already"}}


def test_more_cells_than_columns_and_an_open_quote_are_told() -> None:
    assert errors(HEADER + "tee,T,1,2\n") == {2: {"row": "has more cells than the 3 columns of the first row"}}
    [wrong] = errors(HEADER + 'tee,T,1\nmug,"' + "x" * 140_000).values()
    assert "cannot be read" in wrong["row"]


def test_a_text_that_is_too_long_is_refused_by_its_column() -> None:
    text = f"product_id,description\ntee,{'x' * 140_000}\nmug,short\n"
    assert errors(text) == {2: {"description": "String should have at most 20000 characters"}}


def test_json_lines_are_products_as_over_http() -> None:
    text = (
        '{"product_id": "tee", "list_price": {"amount": 5, "currency": "KRW"}}\n\n[1]\n{"product_id"\n'
        '{"product_id": "tee"}\n{"product_id": "mug", "options": [{"option_id": "s", "stock": 1.5}]}\n'
        '{"name": "x"}\n' + "[" * 100_000
    )
    assert isinstance(told(text, csv=False)[1], ImportProduct)
    assert errors(text, csv=False) == {
        3: {"row": "is no JSON object"},
        4: {"row": "is no JSON object"},
        5: {"row": "product tee is in row 1 already"},
        6: {"options.0.stock": "Input should be a valid integer"},
        7: {"product_id": "Field required"},
        8: {"row": "is no JSON object"},
    }


def test_what_a_row_takes_in_memory_is_given_back_before_the_next() -> None:
    """An empty object is three characters in the file, and more than sixty bytes in memory."""
    empty = ",".join(["{}"] * 30_000)
    text = "".join(f'{{"product_id": "p{n}", "unknown": [{empty}]}}\n' for n in range(20))
    tracemalloc.start()
    try:
        assert len(told(text, csv=False)) == 20
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * len(text)


@given(st.binary(max_size=200) | st.text(max_size=60).map(str.encode), st.booleans())
@example(rb'{"product_id": "\ud800", "name": "\udfff"}', False)
@example(rb'{"\ud800": 1, "product_id": 1}', False)
@example(b"product_id,list_price\ntee,1" + b",000" * 9, True)
def test_what_is_no_file_is_refused_and_no_failure(content: bytes, csv: bool) -> None:
    with suppress(Invalid):
        for _, told in ProductFile(content, csv=csv, settings=SETTINGS).told():
            assert told.model_dump_json()
