"""Files as people have them: encodings of spreadsheets from Korea, and files that are none."""

import pytest

from shared.files.reading import csv_lines, text_of
from shared.runtime.decision import Invalid


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_the_encodings_of_spreadsheets_are_told_apart(encoding: str) -> None:
    assert text_of("메리노 울 니트, 5만원 똠방각하".encode(encoding)) == "메리노 울 니트, 5만원 똠방각하"


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
