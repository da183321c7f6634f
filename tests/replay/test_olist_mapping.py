"""From the marketplace's rows to messages."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from deploy.replay.olist import Olist
from deploy.replay.olist_story import utc
from deploy.replay.period import Period
from deploy.replay.refusal import ReplayRefused
from deploy.replay.source import Note
from shared.contracts.base import InboxMessage, Money
from shared.contracts.inbox_catalog import ProductSubmitted
from shared.contracts.inbox_orders import (
    ClaimDecided,
    ClaimDecision,
    ClaimSubmitted,
    OrderSubmitted,
    ParcelCollected,
    PaymentCaptured,
    RefundPaid,
    ShipmentDelivered,
    ShipmentHandedOver,
)
from shared.contracts.order_state import ClaimType, Reason
from tests.replay.olist_market import Row, called_off, files, item, order, payment, product
from tests.replay.test_mapping import parsed, told

M = TypeVar("M", bound=InboxMessage)


def replayed(
    folder: Path, orders: Sequence[Row], items: Sequence[Row] | None = None, limit: int | None = None
) -> Olist:
    return Olist(files(folder, orders, items), Period(), limit)


def all_of(kind: type[M], source: Olist) -> list[M]:
    messages = map(parsed, [*source.products(), *source.messages()])
    return [message for message in messages if isinstance(message, kind)]


def the(kind: type[M], source: Olist) -> M:
    (found,) = all_of(kind, source)
    return found


def counts(notes: Sequence[Note]) -> dict[str, int]:
    return {note.what: note.count for note in notes}


def brl(centavos: int) -> Money:
    return Money(amount=centavos, currency="BRL")


def test_an_order_is_told_when_it_was_bought_approved_handed_over_and_delivered(tmp_path: Path) -> None:
    assert told(replayed(tmp_path, [order()])) == [
        "16 14:00 OrderSubmitted",
        "16 15:00 PaymentCaptured",
        "17 14:00 ShipmentHandedOver",
        "19 14:00 ShipmentDelivered",
    ]


def test_a_line_is_a_product_of_a_seller_and_its_quantity_the_number_of_items(tmp_path: Path) -> None:
    rows = [item(number="1"), item(number="3"), item(number="2", product="p2"), item(number="4", seller_id="s2")]
    source = replayed(tmp_path, [order()], rows)
    submitted = the(OrderSubmitted, source)
    assert [(line.line_id, line.product_id, line.quantity, line.list_amount) for line in submitted.lines] == [
        ("1", "p1", 2, brl(2000)),
        ("2", "p2", 1, brl(1000)),
        ("3", "p1", 1, brl(1000)),
    ]
    assert (submitted.order_id, submitted.shipping_fee, submitted.currency) == ("o1", brl(1000), "BRL")


def test_what_is_paid_is_what_is_due_whatever_the_payments_in_the_files_add_up_to(tmp_path: Path) -> None:
    payments = [
        payment("o1", payment_sequential="2", payment_type="voucher", payment_value="0.01"),
        payment("o1", payment_type="credit_card"),
        payment("o2"),
    ]
    source = Olist(files(tmp_path, [order("o1"), order("o2"), order("o3")], payments=payments), Period())
    assert [(paid.amount, paid.method) for paid in all_of(PaymentCaptured, source)] == [
        (brl(1250), "credit_card"),
        (brl(1250), "boleto"),
        (brl(1250), None),
    ]
    assert counts(source.made_up())["amounts of payments"] == 2


@pytest.mark.parametrize(("status", "reason"), [("canceled", Reason.INTENT_CHANGED), ("unavailable", Reason.SOLD_OUT)])
def test_an_order_called_off_is_cancelled_and_refunded_a_second_after_the_last_that_is_known(
    tmp_path: Path, status: str, reason: Reason
) -> None:
    source = replayed(tmp_path, [called_off(order_status=status, order_approved_at="2017-10-18 10:00:00")])
    assert told(source)[1:] == ["18 12:00 PaymentCaptured", "18 12:00 ClaimSubmitted", "18 12:00 RefundPaid"]
    claimed = datetime(2017, 10, 18, 12, 0, 1, tzinfo=UTC)
    assert [envelope.time for envelope in source.messages()][2:] == [claimed, claimed]
    claim = the(ClaimSubmitted, source)
    assert (claim.decided, claim.lines, claim.reason) == (True, None, reason)
    assert the(RefundPaid, source).claim_id == claim.claim_id
    assert counts(source.made_up())["cancels with their refunds"] == 1


def test_an_order_called_off_before_it_was_paid_has_nothing_to_refund(tmp_path: Path) -> None:
    source = replayed(tmp_path, [called_off(order_approved_at=None)])
    assert told(source) == ["16 14:00 OrderSubmitted", "16 14:00 ClaimSubmitted"]


def test_an_order_called_off_after_it_was_shipped_comes_back_and_is_refunded(tmp_path: Path) -> None:
    source = replayed(tmp_path, [order(order_status="canceled", order_delivered_customer_date=None)])
    assert told(source)[2:] == [
        f"17 14:00 {name}"
        for name in (
            "ShipmentHandedOver",
            "ClaimSubmitted",
            "PickupStarted",
            "ParcelCollected",
            "ClaimDecided",
            "RefundPaid",
        )
    ]
    claim = the(ClaimSubmitted, source)
    assert (claim.type, claim.lines, claim.decided) == (ClaimType.RETURN, None, False)
    assert the(ParcelCollected, source).lines is None
    assert the(ClaimDecided, source).claim_id == the(RefundPaid, source).claim_id == claim.claim_id
    assert "cancels with their refunds" not in counts(source.made_up())
    assert counts(source.made_up())["returns with their refunds"] == 1


def test_goods_that_cost_nothing_come_back_without_a_refund(tmp_path: Path) -> None:
    source = replayed(tmp_path, [order(order_status="canceled")], [item(price="0.00")])
    assert the(ClaimDecided, source).decision is ClaimDecision.APPROVED
    assert all_of(RefundPaid, source) == []


@pytest.mark.parametrize("untold", ["order_approved_at", "order_delivered_carrier_date"])
def test_a_return_of_what_was_never_paid_or_handed_over_is_left_out(tmp_path: Path, untold: str) -> None:
    source = replayed(tmp_path, [{**order(order_status="canceled"), untold: None}])
    assert all_of(ClaimSubmitted, source) == []
    assert counts(source.left_out())["returns"] == 1


def test_messages_come_in_the_order_of_their_times_though_the_parcel_was_faster_than_the_payment(
    tmp_path: Path,
) -> None:
    hasty = order("o1", order_approved_at="2017-10-20 12:00:00", order_delivered_carrier_date="2017-10-19 13:00:00")
    unborn = order("o2", order_delivered_carrier_date="2017-10-16 11:59:59")
    source = replayed(tmp_path, [hasty, unborn])
    times = [envelope.time for envelope in source.messages()]
    assert times == sorted(times)
    by_order = {name: [type(parsed(e)) for e in source.messages() if e.subject == name] for name in ("o1", "o2")}
    assert by_order == {
        "o1": [OrderSubmitted, ShipmentDelivered, ShipmentHandedOver, PaymentCaptured],
        "o2": [ShipmentHandedOver, OrderSubmitted, PaymentCaptured, ShipmentDelivered],
    }


def test_what_the_files_do_not_tell_is_not_sent_and_counted(tmp_path: Path) -> None:
    rows = [
        order("unapproved", order_approved_at=None),
        order("unshipped", order_delivered_carrier_date=None),
        order("underway", order_delivered_customer_date=None),
        order("bare"),
    ]
    sold = [item("unapproved"), item("unshipped"), item("underway")]
    reviews = [{"order_id": "underway"}, {"order_id": "underway"}]
    source = Olist(files(tmp_path, rows, sold, reviews=reviews), Period())
    assert counts(source.left_out()) == {"orders": 1, "payments": 1, "hand-overs": 1, "deliveries": 1, "reviews": 2}
    assert "the 2 hand-overs and deliveries of these orders are sent and held" in source.left_out()[1].why
    handed_over = {message.order_id for message in all_of(ShipmentHandedOver, source)}
    assert handed_over == {"unapproved", "underway"}


def test_an_order_with_nothing_due_has_no_payment_and_no_refund(tmp_path: Path) -> None:
    source = replayed(tmp_path, [called_off()], [item(price="0.00", freight_value="0.00")])
    assert told(source) == ["16 14:00 OrderSubmitted", "16 15:00 ClaimSubmitted"]


def test_a_product_s_category_is_english_where_it_is_translated_and_its_name_made_of_it(tmp_path: Path) -> None:
    products = [product("0123456789abcdef"), product("p2", "pc_gamer"), product("p3", None)]
    sold = [item(number=str(place), product=str(row["product_id"])) for place, row in enumerate(products)]
    source = Olist(files(tmp_path, [order()], sold, products=products), Period())
    assert [(submitted.name, submitted.category) for submitted in all_of(ProductSubmitted, source)] == [
        ("health_beauty 01234567", ("health_beauty",)),
        ("pc_gamer p2", ("pc_gamer",)),
        ("product p3", ("uncategorised",)),
    ]
    assert counts(source.made_up())["English categories"] == 1


def test_a_product_brings_the_units_of_the_whole_file_and_its_first_price_whatever_the_period(tmp_path: Path) -> None:
    rows = [order("o1", "2017-12-01 12:00:00"), order("o2"), order("o3", "2017-11-01 12:00:00")]
    sold = [item("o1", price="9.00"), item("o2", price="7.50"), item("o3", "1"), item("o3", "2")]
    market = files(tmp_path, rows, sold)
    whole, december = (Olist(market, period) for period in (Period(), Period(first=date(2017, 12, 1))))
    assert list(whole.products()) == list(december.products())
    submitted = the(ProductSubmitted, december)
    assert (submitted.options[0].stock, submitted.list_price) == (4, brl(750))


def test_ids_are_made_from_what_they_name_and_a_person_is_one_customer(tmp_path: Path) -> None:
    rows = [order("o1"), order("o2"), called_off("o3"), order("o4", order_status="canceled")]
    market = files(tmp_path, rows, customers={"c_o1": "ana", "c_o2": "ana"})
    first, again = Olist(market, Period()), Olist(market, Period())
    sent = [*first.products(), *first.messages()]
    assert sent == [*again.products(), *again.messages()]
    assert len({envelope.id for envelope in sent}) == len(sent)
    one, two, three, _ = (submitted.customer_id for submitted in all_of(OrderSubmitted, first))
    assert one == two != three


def test_a_limit_takes_the_first_orders_that_have_items_and_only_their_products(tmp_path: Path) -> None:
    rows = [order("o1", "2017-10-18 12:00:00"), order("o2"), order("o3", "2017-10-17 12:00:00")]
    source = replayed(tmp_path, rows, [item("o1"), item("o3", product="p2")], limit=1)
    assert (source.order_count, source.product_count) == (1, 1)
    assert the(OrderSubmitted, source).order_id == "o3"
    assert the(ProductSubmitted, source).product_id == "p2"


def test_days_are_the_store_s(tmp_path: Path) -> None:
    market = files(tmp_path, [order("o1", "2017-10-31 23:59:59"), order("o2", "2017-11-01 00:00:00")])
    october = Olist(market, Period(last=date(2017, 10, 31)))
    assert the(OrderSubmitted, october).order_id == "o1"
    assert next(iter(october.messages())).time == datetime(2017, 11, 1, 1, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("items", [None, []])
def test_a_period_without_orders_of_anything_is_refused(tmp_path: Path, items: Sequence[Row] | None) -> None:
    market = files(tmp_path, [order()], items)
    period = Period(last=date(2017, 10, 31)) if items == [] else Period(first=date(2017, 11, 1))
    with pytest.raises(ReplayRefused, match=r"^No order was placed in "):
        Olist(market, period)


def test_a_stamp_that_the_clocks_showed_twice_is_the_first_and_one_they_skipped_is_as_if_they_had_not(
    tmp_path: Path,
) -> None:
    twice, skipped = "2017-02-18 23:30:00", "2017-10-15 00:30:00"
    assert utc(datetime.fromisoformat(twice)) == datetime(2017, 2, 19, 1, 30, tzinfo=UTC)
    assert utc(datetime.fromisoformat(skipped)) == datetime(2017, 10, 15, 3, 30, tzinfo=UTC)
    source = replayed(tmp_path, [order("o1", twice), order("o2", skipped), order("o3")])
    assert counts(source.made_up())["times"] == 2


def test_the_published_csv_files_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "parquet").mkdir()
    (tmp_path / "csv").mkdir()
    rows = [order(), called_off("o2", order_approved_at=None)]
    as_parquet = Olist(files(tmp_path / "parquet", rows, payments=[payment()]), Period())
    as_csv = Olist(files(tmp_path / "csv", rows, payments=[payment()], csv=True), Period())
    assert [*as_csv.products(), *as_csv.messages()] == [*as_parquet.products(), *as_parquet.messages()]
    assert (as_csv.left_out(), as_csv.made_up()) == (as_parquet.left_out(), as_parquet.made_up())
