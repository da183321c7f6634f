"""Files cut for services that take so many rows at a time."""

import csv
import io
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from deploy.pieces import pieces

HEADER = ["order_id", "note"]


def text(rows: list[list[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([HEADER, *rows])
    return out.getvalue()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.text(alphabet='x,"\n\r =', max_size=3)), max_size=30))
def test_all_rows_come_in_their_order_and_at_most_so_many_at_a_time(rows: list[tuple[str, str]]) -> None:
    content = text([list(row) for row in rows]).encode("utf-16")
    cut = pieces(content, 7, "order_id")
    read = [
        list(csv.reader(io.StringIO(piece.content.decode("utf-16" if len(cut) == 1 else "utf-8"), newline="")))
        for piece in cut
    ]
    assert [header for header, *_ in read] == [HEADER] * len(cut)
    assert [tuple(row) for _, *some in read for row in some] == rows
    assert [len(some) for _, *some in read] == [piece.rows for piece in cut]
    assert all(piece.rows <= 7 for piece in cut)
    assert [piece.before + piece.rows for piece in cut] == [*(piece.before for piece in cut[1:]), len(rows)]
    for one, other in pairwise(read):
        assert one[-1][0] != other[1][0] or len({row[0] for row in one[1:]}) == 1


def test_a_small_file_and_one_that_cannot_be_read_go_as_they_are() -> None:
    for content in (
        text([["a", ""]]).encode("cp949"),
        b"",
        b"\x81\xff\xff",
        b"note\n" + b"x\n" * 9,
        b'order_id\n"' + b"x" * 140_000,
    ):
        assert [piece.content for piece in pieces(content, 7, "order_id")] == [content]
