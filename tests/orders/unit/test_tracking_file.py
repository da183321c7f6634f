"""Tracking numbers as sellers fill them in."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.tracking_file import MAX_ROWS, Parcel, Result, RowResult, TrackingFile
from shared.contracts.order_state import LineUnits
from shared.runtime.decision import Invalid

HEADER = "order_id,line_id,quantity,carrier,tracking_number\n"


def told(text: str) -> list[Parcel | RowResult]:
    return list(TrackingFile((HEADER + text).encode()).told)


def parcels(text: str) -> list[Parcel]:
    return [one for one in told(text) if isinstance(one, Parcel)]


def errors(text: str) -> dict[int, dict[str, str]]:
    rows = [one for one in told(text) if isinstance(one, RowResult) and one.result is Result.REFUSED]
    return {row.row: {error.field: error.detail for error in row.errors} for row in rows}


def test_rows_of_an_order_with_one_number_are_one_parcel() -> None:
    first, second, third = parcels("o1,2,1,CJ,T1\no2,1,1,CJ,T1\no1,1,3,CJ,T1\no1,3,1,CJ,T2\n")
    assert first.message.lines == (LineUnits(line_id="1", quantity=3), LineUnits(line_id="2", quantity=1))
    assert [line.row for line in first.lines] == [4, 2]
    assert (second.message.order_id, second.message.carrier, second.message.tracking_no) == ("o2", "CJ", "T1")
    assert third.message.tracking_no == "T2"


def test_the_same_rows_are_the_same_parcel_in_whatever_order_and_others_are_another() -> None:
    [one], [other] = parcels("o1,1,3,CJ,T1\no1,2,1,CJ,T1\n"), parcels("o1,2,1,CJ,T1\n\no1,1,3,CJ,T1\n")
    assert one.message == other.message
    texts = ["o1,1,3,CJ,T1\n", "o1,1,2,CJ,T1\n", "o1,1,3,CJ,T2\n", "o1,1,3,HJ,T1\n", "o2,1,3,CJ,T1\n", "o1,,,CJ,T1\n"]
    assert len({parcels(text)[0].message.shipment_id for text in [*texts, "o1,1,3,CJ,T1\no1,2,1,CJ,T1\n"]}) == 7


def test_without_a_line_everything_that_is_left_is_in_the_parcel() -> None:
    [parcel] = parcels("o1,,,CJ,T1\n")
    assert parcel.message.lines is None


def test_a_row_without_a_number_is_skipped() -> None:
    assert [one.result for one in told("o1,1,3,,\no1,1,3,CJ,\n") if isinstance(one, RowResult)] == [Result.SKIPPED] * 2


@pytest.mark.parametrize(
    ("row", "field", "sentence"),
    [
        ("o1,1,3,,T1", "carrier", "Field required"),
        (",1,3,CJ,T1", "order_id", "Field required"),
        ("o 1,1,3,CJ,T1", "order_id", "pattern"),
        ("o1,1,three,CJ,T1", "quantity", "valid integer"),
        ("o1,1,0,CJ,T1", "quantity", "greater than or equal to 1"),
        ("o1,1,,CJ,T1", "quantity", "line_id with a quantity"),
        ("o1,,3,CJ,T1", "quantity", "is given with line_id"),
        ("o1,1,3,CJ,6.40012E+11", "tracking_number", "a spreadsheet has shortened"),
        ("2.02611E+15,1,3,CJ,T1", "order_id", "format the column as text"),
        ("o1,1,3,CJ,=1+1", "tracking_number", "pattern"),
        ("o1,1,3,CJ,T1,x", "row", "more cells than the 5 columns"),
    ],
)
def test_a_wrong_row_is_told_which_column_and_why(row: str, field: str, sentence: str) -> None:
    [wrong] = errors(f"{row}\n").values()
    assert list(wrong) == [field]
    assert sentence in wrong[field]


def test_a_wrong_row_refuses_its_parcel_and_no_other() -> None:
    text = "o1,1,3,CJ,T1\no1,2,many,CJ,T1\no1,3,1,CJ,T2\n"
    assert errors(text) == {
        2: {"row": "goes in one parcel with row 3, which is refused"},
        3: {"quantity": "Input should be a valid integer"},
    }
    assert [parcel.message.tracking_no for parcel in parcels(text)] == ["T2"]


def test_what_is_named_twice_is_refused_wherever_it_stands() -> None:
    text = "o1,1,3,CJ,T1\no2,1,1,CJ,T2\no1,1,3,CJ,T3\no3,,,CJ,T4\no3,1,1,CJ,T4\n"
    assert errors(text) == {
        2: {"row": "order o1, line 1 is in rows 2, 4: name it once"},
        4: {"row": "order o1, line 1 is in rows 2, 4: name it once"},
        5: {"row": "order o3 is in rows 5, 6: name it once"},
        6: {"row": "order o3 is in rows 5, 6: name it once"},
    }
    assert [parcel.message.order_id for parcel in parcels(text)] == ["o2"]
    assert errors("o1,1,3,CJ,T1\no1,1,3,,\n") == {}


def test_more_lines_than_an_order_has_are_no_parcel() -> None:
    wrong = errors("".join(f"o1,{n},1,CJ,T1\n" for n in range(501)))
    assert len(wrong) == 501
    assert {"at most 500 items" in error["row"] for error in wrong.values()} == {True}


SOMETHING = st.sampled_from(
    [*HEADER[:-1].split(","), "o1", "1", "CJ", "T1", "", " ", "'", '"', ",", "\n", "\r\n", "\x00", "é"]
)


@given(st.lists(SOMETHING, max_size=40).map("".join).map(HEADER.__add__))
def test_whatever_a_file_says_each_of_its_rows_has_one_answer(text: str) -> None:
    file = TrackingFile(text.encode())
    answered = [line.row for one in file.told for line in (one.lines if isinstance(one, Parcel) else [one])]
    assert len(answered) == len(set(answered)) == file.rows


@given(st.binary(max_size=200) | st.text(max_size=60).map(str.encode))
def test_what_is_no_file_is_refused_and_no_failure(content: bytes) -> None:
    with suppress(Invalid):
        TrackingFile(content)


@pytest.mark.parametrize(
    ("text", "field", "sentence"),
    [
        ("order_id\n1\n", "carrier", "columns carrier, tracking_number are missing"),
        ("order_id,carrier,tracking_nr\n", "tracking_nr", "not known"),
        (HEADER + "o1,1,1,CJ,T\n" * (MAX_ROWS + 1), "body", "10,001 rows; one import takes 10,000"),
    ],
)
def test_what_is_no_such_file_is_refused_as_a_whole(text: str, field: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence) as refused:
        TrackingFile(text.encode())
    assert refused.value.field == field
