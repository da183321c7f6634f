"""From the gift shop's invoice lines to messages."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from deploy.replay.online_retail import OnlineRetail
from deploy.replay.period import Period
from deploy.replay.refusal import ReplayRefused
from deploy.replay.source import Note
from shared.contracts.base import InboxMessage, Money
from shared.contracts.inbox_catalog import ProductSubmitted
from shared.contracts.inbox_orders import (
    ClaimSubmitted,
    OrderSubmitted,
    PaymentCaptured,
    RefundPaid,
    ShipmentDelivered,
    ShipmentHandedOver,
)
from shared.contracts.order_state import ClaimType
from tests.replay.gift_shop import Row, back, files, line
from tests.replay.test_mapping import parsed, told

M = TypeVar("M", bound=InboxMessage)


def replayed(folder: Path, *rows: Row, period: Period | None = None, limit: int | None = None) -> OnlineRetail:
    return OnlineRetail(files(folder, rows), period or Period(), limit)


def all_of(kind: type[M], source: OnlineRetail) -> list[M]:
    messages = map(parsed, [*source.products(), *source.messages()])
    return [message for message in messages if isinstance(message, kind)]


def claimed(source: OnlineRetail) -> list[tuple[str, str, ClaimType, dict[str, int]]]:
    return [
        (claim.claim_id, claim.order_id, claim.type, {part.line_id: part.quantity for part in claim.lines or ()})
        for claim in all_of(ClaimSubmitted, source)
    ]


def notes(found: Sequence[Note], about: str) -> list[int]:
    return [note.count for note in found if about in f"{note.what}: {note.why}"]


def gbp(pence: int) -> Money:
    return Money(amount=pence, currency="GBP")


def test_an_invoice_is_paid_when_placed_and_shipped_and_delivered_at_times_we_make_up(tmp_path: Path) -> None:
    source = replayed(tmp_path, line(InvoiceDate="2010-07-01 12:00:00"))
    assert told(source) == [
        "01 11:00 OrderSubmitted",
        "01 11:00 PaymentCaptured",
        "01 17:00 ShipmentHandedOver",
        "02 17:00 ShipmentDelivered",
    ]
    (order,), (paid,) = all_of(OrderSubmitted, source), all_of(PaymentCaptured, source)
    assert (order.order_id, order.currency, order.shipping_fee, paid.amount) == ("500001", "GBP", gbp(0), gbp(300))
    assert notes(source.made_up(), "6 h and 30 h after placing") == [1]


def test_a_line_that_comes_twice_was_sold_twice(tmp_path: Path) -> None:
    (order,) = all_of(OrderSubmitted, replayed(tmp_path, line(), line()))
    assert [(sold.line_id, sold.product_id, sold.quantity) for sold in order.lines] == [
        ("1", "10001", 2),
        ("2", "10001", 2),
    ]


def test_codes_that_differ_in_case_or_blanks_are_one_product(tmp_path: Path) -> None:
    rows = [line(StockCode="10001a"), line(StockCode=" 10001A ", Description="ANOTHER NAME")]
    (product,) = all_of(ProductSubmitted, replayed(tmp_path, *rows))
    assert (product.product_id, product.name, product.options[0].stock) == ("10001A", "A BELL", 4)


@pytest.mark.parametrize("code", ["POST", "D", "M", "BANK CHARGES", "1000", "100011", "gift_0001_20", "TEST001"])
def test_what_is_no_product_is_left_out(tmp_path: Path, code: str) -> None:
    source = replayed(tmp_path, line(), line(StockCode=code), line("500002", StockCode=code))
    assert [len(order.lines) for order in all_of(OrderSubmitted, source)] == [1]
    assert notes(source.left_out(), "no product") == [2]
    assert notes(source.left_out(), "none of their lines") == [1]


def test_an_invoice_of_two_dates_is_as_old_as_the_first(tmp_path: Path) -> None:
    rows = [line(InvoiceDate="2010-03-01 12:01:00"), line(InvoiceDate="2010-03-01 12:00:00")]
    (order,) = [e for e in replayed(tmp_path, *rows).messages() if isinstance(parsed(e), OrderSubmitted)]
    assert order.time == datetime(2010, 3, 1, 12, tzinfo=UTC)


def test_write_offs_free_lines_and_written_off_debts_are_left_out_and_counted(tmp_path: Path) -> None:
    source = replayed(
        tmp_path,
        line(),
        line(Quantity="-7", Price="0"),
        line(Price="0"),
        line("A500002", StockCode="B", Price="-100.00", Quantity="1"),
    )
    assert len(all_of(OrderSubmitted, source)[0].lines) == 1
    assert notes(source.left_out(), "write-offs") == [1]
    assert notes(source.left_out(), "cost or sell nothing") == [1]
    assert notes(source.left_out(), "debts written off") == [1]


@pytest.mark.parametrize(
    ("price", "quantity", "amount"),
    [
        ("2.10", "3", 630),
        ("0.001", "5", 0),
        ("0.005", "1", 0),
        ("0.015", "1", 2),
        ("0.125", "3", 38),
        ("1.005", "1", 100),
    ],
)
def test_a_line_s_amount_is_rounded_half_to_even(tmp_path: Path, price: str, quantity: str, amount: int) -> None:
    (order,) = all_of(OrderSubmitted, replayed(tmp_path, line(Price=price, Quantity=quantity)))
    assert order.lines[0].list_amount == gbp(amount)


def test_an_order_of_nothing_due_is_not_paid_and_nothing_of_it_is_paid_back(tmp_path: Path) -> None:
    source = replayed(tmp_path, line(Price="0.001"), back(Price="0.001"))
    assert (all_of(PaymentCaptured, source), all_of(RefundPaid, source)) == ([], [])
    assert len(claimed(source)) == 1


def test_a_customer_is_the_same_person_everywhere_and_may_be_nobody_known(tmp_path: Path) -> None:
    rows = [line("500001"), line("500002"), line("500003", CustomerID=None), line("500004", CustomerID="12001")]
    one, two, guest, other = (order.customer_id for order in all_of(OrderSubmitted, replayed(tmp_path, *rows)))
    assert one == two != other
    assert guest is None


def test_what_is_taken_back_is_a_return_of_that_part_paid_back_at_once(tmp_path: Path) -> None:
    source = replayed(tmp_path, line(), back())
    assert claimed(source) == [("C500009", "500001", ClaimType.RETURN, {"1": 1})]
    assert told(source)[-2:] == ["10 12:00 ClaimSubmitted", "10 12:00 RefundPaid"]
    assert all_of(RefundPaid, source)[0].claim_id == "C500009"
    assert notes(source.made_up(), "taken back later") == [1]


def test_before_the_parcel_left_it_is_a_cancel_and_a_whole_one_is_never_shipped(tmp_path: Path) -> None:
    early = "2010-03-01 17:59:59"
    source = replayed(tmp_path, line(), line("500002"), back(quantity="-3", at=early))
    assert claimed(source) == [
        ("C500009", "500001", ClaimType.CANCEL, {"1": 1}),
        ("C500009", "500002", ClaimType.CANCEL, {"1": 2}),
    ]
    assert [parcel.order_id for parcel in all_of(ShipmentHandedOver, source)] == ["500001"]
    assert [parcel.order_id for parcel in all_of(ShipmentDelivered, source)] == ["500001"]


def test_the_newest_earlier_line_with_units_left_comes_first(tmp_path: Path) -> None:
    source = replayed(
        tmp_path,
        line("500001", InvoiceDate="2010-03-01 12:00:00"),
        line("500002", InvoiceDate="2010-03-02 12:00:00"),
        line("500003", InvoiceDate="2010-03-02 12:00:00", StockCode="10002"),
        line("500004", InvoiceDate="2010-03-02 12:00:00", CustomerID="12001"),
        line("500005", InvoiceDate="2010-03-10 12:00:00"),
        back("C500009", "-1"),
        back("C500010", "-2", at="2010-03-11 11:00:00"),
    )
    assert claimed(source) == [
        ("C500009", "500002", ClaimType.RETURN, {"1": 1}),
        ("C500010", "500005", ClaimType.RETURN, {"1": 2}),
    ]


def test_several_lines_are_taken_back_together_and_what_finds_none_is_counted_with_its_sum(tmp_path: Path) -> None:
    source = replayed(tmp_path, line(), line(), back(quantity="-3"), back(quantity="-2"), back("C500010", "-4"))
    assert claimed(source) == [("C500009", "500001", ClaimType.RETURN, {"1": 2, "2": 2})]
    (lost,) = [note for note in source.left_out() if "unmatched" in note.why]
    assert (lost.count, lost.why.endswith("5 units unmatched, 7.50 GBP")) == (2, True)


def test_a_guest_s_cancellation_finds_no_line(tmp_path: Path) -> None:
    source = replayed(tmp_path, line(CustomerID=None), back(CustomerID=None))
    assert claimed(source) == []
    assert notes(source.left_out(), "unmatched") == [1]


def test_a_cancellation_of_a_fee_is_left_out(tmp_path: Path) -> None:
    source = replayed(tmp_path, line(), back(StockCode="POST"), back(Quantity="1"))
    assert claimed(source) == []
    assert notes(source.left_out(), "of postage, fees") == [2]


def test_a_refund_at_another_price_is_that_of_the_sale_and_said(tmp_path: Path) -> None:
    source = replayed(tmp_path, line(), back(Price="1.40"))
    assert notes(source.made_up(), "another price") == [1]


def test_the_days_chosen_bring_all_that_happened_to_their_orders_later(tmp_path: Path) -> None:
    rows = [line(), line("500002", InvoiceDate="2010-03-02 00:00:00", StockCode="10002"), back()]
    first = replayed(tmp_path, *rows, period=Period(last=date(2010, 3, 1)))
    assert [order.order_id for order in all_of(OrderSubmitted, first)] == ["500001"]
    assert [product.product_id for product in all_of(ProductSubmitted, first)] == ["10001"]
    assert len(claimed(first)) == 1
    second = replayed(tmp_path, *rows, period=Period(first=date(2010, 3, 2)))
    assert claimed(second) == []
    assert {e.id for e in [*first.messages(), *second.messages()]} == {
        e.id for e in replayed(tmp_path, *rows).messages()
    }


def test_ids_are_made_from_what_they_name(tmp_path: Path) -> None:
    rows = [line(), back("C500009"), back("C500010", at="2010-03-11 12:00:00")]
    first, again = replayed(tmp_path, *rows), replayed(tmp_path, *rows)
    sent = [*first.products(), *first.messages()]
    assert sent == [*again.products(), *again.messages()]
    assert len({envelope.id for envelope in sent}) == len(sent)


def test_a_limit_takes_the_first_orders(tmp_path: Path) -> None:
    source = replayed(tmp_path, line("500002", InvoiceDate="2010-03-02 12:00:00"), line("500001"), limit=1)
    assert [order.order_id for order in all_of(OrderSubmitted, source)] == ["500001"]


def test_an_invoice_of_too_many_lines_is_several_orders(tmp_path: Path) -> None:
    rows = [line(StockCode=f"{10000 + number}") for number in range(501)]
    source = replayed(tmp_path, *rows, back(StockCode="10500"))
    assert [(order.order_id, len(order.lines)) for order in all_of(OrderSubmitted, source)] == [
        ("500001", 500),
        ("500001-2", 1),
    ]
    assert claimed(source) == [("C500009", "500001-2", ClaimType.RETURN, {"1": 1})]
    assert notes(source.made_up(), "an order takes 500 lines") == [1]


def test_a_period_without_orders_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReplayRefused, match=r"^No order was placed in 2011-01-01 and later\.$"):
        replayed(tmp_path, line(), period=Period(first=date(2011, 1, 1)))
