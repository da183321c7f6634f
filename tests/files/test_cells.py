"""No spreadsheet runs or rewrites a cell, and reading takes off exactly what writing put on."""

import csv
import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.files.cells import in_zone, moment, neutralised, number, read_back
from shared.files.reading import csv_lines, text_of
from shared.files.writing import MARK, csv_text

SEOUL = ZoneInfo("Asia/Seoul")
SUSPECT = st.text(alphabet="'=+-@\t\r\n＝x0 ,\".e/", max_size=6)
SUBMITTED = st.text(alphabet=st.characters(codec="utf-8"), max_size=20) | SUSPECT


@given(SUBMITTED)
@example("'=1+1")
@example("''+82")
def test_what_is_neutralised_is_no_formula_and_reads_back_as_it_was(text: str) -> None:
    cell = neutralised(text)
    assert not cell.startswith(tuple("=+-@\t\r\n＝＋－＠"))
    assert read_back(cell) == text


@pytest.mark.parametrize(
    "text",
    ["홍길동", "010-1234-5678", "'twas", "", "a=b", "12", "ord_1", "MAY", "mayor 5", "2026-11-20T03:00:00+09:00"],
)
def test_what_is_no_formula_is_written_as_it_is(text: str) -> None:
    assert neutralised(text) == text


@pytest.mark.parametrize("text", ["+82-10-1234-5678", '=HYPERLINK("x")', "-1", "@SUM(A1)", "\tx", "\r=1"])
def test_what_a_spreadsheet_would_run_has_a_quote_before_it(text: str) -> None:
    assert neutralised(text) == f"'{text}"


@given(st.lists(st.tuples(SUBMITTED, SUBMITTED), max_size=5))
def test_a_written_file_is_read_as_it_was(rows: list[tuple[str, str]]) -> None:
    content = (MARK + csv_text([("a", "b"), *rows])).encode()
    wanted = [{name: cell for name, cell in zip("ab", row, strict=True) if cell.strip()} for row in rows]
    assert [line.values for line in csv_lines(text_of(content), "ab", "a", as_written="ab")] == [w for w in wanted if w]


@pytest.mark.parametrize(
    "id",
    ["2026112212345678", "01012345678", "1-2", "2026/11/22", "12E3", "1.50", "SEP-1", "may5", "2-Oct-26", "12:30"],
)
def test_what_a_spreadsheet_would_rewrite_has_a_quote_before_it(id: str) -> None:
    assert neutralised(id) == f"'{id}"
    assert read_back(neutralised(id)) == id


def test_numbers_of_ours_stay_numbers() -> None:
    assert next(csv.reader(io.StringIO(csv_text([(-100, None, "-100")])))) == ["-100", "", "'-100"]
    assert [number("-100"), number("1,000"), number("1.5"), number("1,00")] == [-100, 1000, "1.5", "1,00"]
    endless = "1" + ",000" * 2_000
    assert number(endless) == endless


@pytest.mark.parametrize("at", [datetime(2026, 11, 20, 3, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)])
def test_a_moment_is_read_back_to_the_second(at: datetime) -> None:
    cell = in_zone(at, SEOUL)
    assert cell is not None
    assert moment(cell, SEOUL) == at
    assert in_zone(None, SEOUL) is None


def test_a_moment_without_a_zone_is_in_the_store_s() -> None:
    assert moment("2026-11-20 12:00", SEOUL) == datetime(2026, 11, 20, 3, tzinfo=UTC)
    assert moment("tomorrow", SEOUL) == "tomorrow"
