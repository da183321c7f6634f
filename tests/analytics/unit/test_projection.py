"""Whatever happens to the events on their way, the same ends up in the books."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from services.analytics.ledger import ledger
from shared.contracts.base import Money
from shared.contracts.envelope import Envelope
from shared.contracts.order_state import OrderState
from tests.analytics.books import rollups_from, rollups_in, rows_in, some_books, told
from tests.analytics.orders import ZONE, a_line, a_refund, an_order, back, histories, krw


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[OrderState], list[tuple[Envelope, int]]]:
    """The final states of some orders, and their events as they come: shuffled, repeated, some never.

    The newest event of an order always comes: what nobody tells, nobody can know.
    """
    finals, events = [], []
    for n in range(draw(st.integers(1, 3))):
        history = draw(histories(order_id=f"ord_{n}"))
        finals.append(history[-1])
        partition = draw(st.integers(0, 5))
        for sequence, state in enumerate(history, start=1):
            times = draw(st.integers(1 if state is history[-1] else 0, 3))
            events += [(told(state, sequence), partition)] * times
    return finals, draw(st.permutations(events))


@settings(deadline=None)
@given(arrivals(), st.integers(1, 5))
def test_repeats_gaps_and_disorder_change_nothing(
    arrival: tuple[list[OrderState], list[tuple[Envelope, int]]], batch: int
) -> None:
    finals, events = arrival
    books = some_books()
    for start in range(0, len(events), batch):
        for partition in range(6):
            together = [envelope for envelope, at in events[start : start + batch] if at == partition]
            books.deliver(*together, partition=partition)
    expected = {row.row_id: row for order in finals for row in ledger(order, ZONE)}
    assert rows_in(books) == expected
    assert rollups_in(books) == rollups_from(expected.values())
    assert books.parked == []


def test_a_state_that_comes_late_is_booked_without_what_it_does_not_know() -> None:
    """Two sources of one order's events, such as a resent history: the sequence guard sees neither as old."""
    refunded = an_order(refunds=(a_refund(back()),))
    books = some_books()
    books.deliver(told(refunded, 2))
    once = rows_in(books), rollups_in(books)
    books.deliver(
        replace(told(an_order(), 1), source="/orders-restored"),
        replace(told(refunded, 2), source="/orders-restored"),
    )
    assert books.counts == {"applied": 3}
    assert (rows_in(books), rollups_in(books)) == once


def test_a_missed_payment_is_booked_on_its_day_by_the_next_event() -> None:
    books = some_books()
    books.deliver(told(an_order(paid_at=None), 1))
    assert rows_in(books) == {}
    books.deliver(told(an_order(), 7))
    assert rollups_in(books)["", "2026-03", "days.2026-03-02.gross"] == 1000


def test_an_order_in_another_currency_is_parked() -> None:
    dollars = Money(amount=1000, currency="USD")
    order = an_order(a_line(list_amount=dollars, discount_amount=dollars), currency="USD", shipping_fee=krw(0))
    books = some_books()
    books.deliver(told(order, 1), told(an_order(order_id="ord_2"), 1))
    assert [(parked.fault.error, parked.fault.field) for parked in books.parked] == [("INVALID", "order.currency")]
    assert {row.order_id for row in rows_in(books).values()} == {"ord_2"}


def test_a_state_that_cannot_be_booked_is_parked_and_the_next_one_is_not_kept_waiting() -> None:
    books = some_books()
    books.deliver(told(an_order(refunds=(a_refund(back("unknown")),)), 1), told(an_order(), 2))
    assert [parked.blocking for parked in books.parked] == [False]
    assert rows_in(books).keys() == {"ord_1//", "ord_1//l1"}
