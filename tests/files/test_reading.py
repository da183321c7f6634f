"""Files as people have them: encodings of spreadsheets from Korea, and files that are none."""

from collections.abc import Iterator

import pytest

from shared.files.reading import Line, at_most, csv_lines, json_lines, text_of
from shared.runtime.decision import Invalid


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_the_encodings_of_spreadsheets_are_told_apart(encoding: str) -> None:
    assert text_of("메리노 울 니트, 5만원 똠방각하".encode(encoding)) == "메리노 울 니트, 5만원 똠방각하"


@pytest.mark.parametrize("text", ["Men’s watch", "A–Z", "“Home” b", "Älter"])
def test_what_a_western_windows_saves_is_not_taken_for_korean(text: str) -> None:
    with pytest.raises(Invalid, match="neither UTF-8 nor CP949 text; save it as UTF-8"):
        text_of(text.encode("cp1252"))


@pytest.mark.parametrize("content", [b"\x80\xff\xff", b"\xff\xfe\x00\xd8\x00"])
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid, match="neither UTF-8 nor CP949"):
        text_of(content)


def test_every_missing_column_is_named_at_once() -> None:
    with pytest.raises(Invalid, match="columns carrier, tracking_number are missing") as refused:
        csv_lines("order_id\n1\n", ["order_id"], ["order_id", "carrier", "tracking_number"])
    assert refused.value.field == "carrier"


def test_blanks_around_a_cell_go_unless_they_are_its_own() -> None:
    [line] = csv_lines("a,b,c\n  x ,  y ,   \n", "abc", "a", as_written="b")
    assert line.values == {"a": "x", "b": "  y "}


def test_a_first_row_that_nobody_can_read_refuses_the_file() -> None:
    with pytest.raises(Invalid, match=r"first row cannot be read: more than 1,000,000 characters \(line 1 of the file"):
        csv_lines("a" * 1_000_001, "a", "a")


@pytest.mark.parametrize("lines", [csv_lines("a\n" + "1\n" * 7, "a", "a"), json_lines("{}\n" * 7)])
def test_rows_beyond_those_taken_are_counted(lines: Iterator[Line]) -> None:
    with pytest.raises(Invalid, match="7 rows; one import takes 5"):
        at_most(5, lines)


def test_json_lines_end_where_an_editor_ends_them() -> None:
    lines = json_lines('{"a": "\u2028"}\r\n\n{}')
    assert [(line.row, line.values) for line in lines] == [(1, {"a": "\u2028"}), (3, {})]


def test_a_json_line_that_is_too_long_is_refused_alone() -> None:
    bad, good = json_lines('{"a": "' + "x" * 1_000_000 + '"}\n{"b": 1}')
    assert (bad.row, bad.values, bad.fault) == (1, {}, "has more than 1,000,000 characters")
    assert (good.row, good.values, good.fault) == (2, {"b": 1}, None)


def test_a_quote_that_nobody_closed_takes_no_rows_with_it_unsaid() -> None:
    good, bad = csv_lines('a,b\n1,x\n2,"y\n3,z\n', "ab", "a")
    assert (good.values, good.fault) == ({"a": "1", "b": "x"}, None)
    assert (bad.row, bad.fault) == (3, "cannot be read: unexpected end of data (lines 3 to 4 of the file)")


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        ('2,"27" monitor"', "',' expected after '\"' (line 4 of the file)"),
        ('2,"x\ny" z', "',' expected after '\"' (lines 4 to 5 of the file)"),
        (f"2,{'x' * 1_000_000}", "more than 1,000,000 characters (line 4 of the file)"),
        (f'2,"{"x" * 600_000}\n{"y" * 600_000}"', "more than 1,000,000 characters (lines 4 to 5 of the file)"),
    ],
)
def test_a_row_that_cannot_be_read_stops_none_behind_it(bad: str, fault: str) -> None:
    first, second, third = csv_lines(f'a,b\n1,"x\nx"\n{bad}\n3,z\n', "ab", "a")
    assert (first.values, third.row, third.values) == ({"a": "1", "b": "x\nx"}, 4, {"a": "3", "b": "z"})
    assert (second.row, second.values, second.fault) == (3, {}, f"cannot be read: {fault}")


def test_a_long_cell_is_read_as_far_as_its_row_may_go() -> None:
    [line] = csv_lines(f"a\n{'x' * 999_999}", "a", "a")
    assert (len(line.values["a"]), line.fault) == (999_999, None)
