"""From the grocer's rows to messages."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

from deploy.replay.completejourney import CompleteJourney
from deploy.replay.period import Period
from deploy.replay.source import Note, Source
from shared.contracts.base import InboxMessage, Money
from shared.contracts.envelope import Envelope
from shared.contracts.inbox_catalog import ProductSubmitted
from shared.contracts.inbox_orders import (
    ClaimSubmitted,
    OrderSubmitted,
    PaymentCaptured,
    RefundPaid,
    RefundSubmitted,
)
from shared.contracts.registry import WIRE_TYPES
from tests.replay.grocer import CANCELLED, GOODWILL, ORDINARY, Row, files, product, row

M = TypeVar("M", bound=InboxMessage)


def replayed(folder: Path, *rows: Row, products: Sequence[Row] = (), limit: int | None = None) -> CompleteJourney:
    return CompleteJourney(files(folder, rows, products), Period(), limit)


def told(source: Source) -> list[str]:
    return [f"{envelope.time:%d %H:%M} {type(parsed(envelope)).__name__}" for envelope in source.messages()]


def parsed(envelope: Envelope) -> InboxMessage:
    message = WIRE_TYPES[envelope.type].model.model_validate_json(envelope.data)
    assert isinstance(message, InboxMessage)
    return message


def the(kind: type[M], envelopes: Sequence[Envelope]) -> M:
    (found,) = [message for message in map(parsed, envelopes) if isinstance(message, kind)]
    return found


def order_in(source: CompleteJourney) -> OrderSubmitted:
    return the(OrderSubmitted, list(source.messages()))


def product_in(source: CompleteJourney) -> ProductSubmitted:
    return the(ProductSubmitted, list(source.products()))


def usd(cents: int) -> Money:
    return Money(amount=cents, currency="USD")


def test_a_basket_is_an_order_paid_at_once_handed_over_after_6_hours_and_delivered_after_30(tmp_path: Path) -> None:
    assert told(replayed(tmp_path, row(ORDINARY))) == [
        "16 12:00 OrderSubmitted",
        "16 12:00 PaymentCaptured",
        "16 18:00 ShipmentHandedOver",
        "17 18:00 ShipmentDelivered",
    ]


def test_a_basket_divisible_by_50_is_cancelled_and_refunded_after_2_hours_and_never_shipped(tmp_path: Path) -> None:
    source = replayed(tmp_path, row(CANCELLED))
    assert told(source) == [
        "16 12:00 OrderSubmitted",
        "16 12:00 PaymentCaptured",
        "16 14:00 ClaimSubmitted",
        "16 14:00 RefundPaid",
    ]
    claim, refund = (the(kind, list(source.messages())) for kind in (ClaimSubmitted, RefundPaid))
    assert isinstance(claim, ClaimSubmitted) and claim.decided and claim.lines is None
    assert isinstance(refund, RefundPaid) and refund.claim_id == claim.claim_id


def test_a_basket_one_past_gets_its_first_line_back_after_48_hours(tmp_path: Path) -> None:
    source = replayed(tmp_path, row(GOODWILL, sales_value=1.11), row(GOODWILL, product_id=8, sales_value=9.99))
    assert told(source)[-2:] == ["18 12:00 RefundSubmitted", "18 12:00 RefundPaid"]
    refund = the(RefundSubmitted, list(source.messages()))
    assert [(line.line_id, line.quantity, line.goods_amount) for line in refund.lines] == [("1", 0, usd(111))]
    assert the(RefundPaid, list(source.messages())).refund_id == refund.refund_id


def test_amounts_are_totals_before_and_after_the_shop_s_own_discounts(tmp_path: Path) -> None:
    source = replayed(tmp_path, row(quantity=3, sales_value=7.15, retail_disc=1.05, coupon_match_disc=0.55))
    (line,) = order_in(source).lines
    assert (line.quantity, line.list_amount, line.discount_amount) == (3, usd(875), usd(160))
    assert the(PaymentCaptured, list(source.messages())).amount == usd(715)


def test_an_order_with_nothing_due_has_no_payment_and_no_refund(tmp_path: Path) -> None:
    source = replayed(tmp_path, row(CANCELLED, sales_value=0.0))
    assert told(source) == ["16 12:00 OrderSubmitted", "16 14:00 ClaimSubmitted"]
    assert Note(1, "payments", "nothing is due, so the order is paid when placed") in source.left_out()


def test_a_first_line_that_cost_nothing_is_not_refunded(tmp_path: Path) -> None:
    source = replayed(tmp_path, row(GOODWILL, sales_value=0.0), row(GOODWILL, product_id=8))
    assert told(source)[-1] == "17 18:00 ShipmentDelivered"
    assert Note(1, "goodwill refunds", "the first line cost nothing") in source.left_out()


def test_lines_of_quantity_0_are_left_out_and_counted(tmp_path: Path) -> None:
    source = replayed(tmp_path, row(quantity=0), row(product_id=8), row(3, quantity=0))
    assert [line.product_id for line in order_in(source).lines] == ["cj_8"]
    assert source.left_out() == [
        Note(2, "lines", "their quantity is 0"),
        Note(1, "baskets", "all their lines have quantity 0"),
    ]


def test_ids_are_made_from_what_they_name(tmp_path: Path) -> None:
    first, again = (replayed(tmp_path, row(1), row(CANCELLED), row(GOODWILL)) for _ in range(2))
    sent = [*first.products(), *first.messages()]
    assert sent == [*again.products(), *again.messages()]
    assert len({envelope.id for envelope in sent}) == len(sent)


def test_a_household_is_one_customer(tmp_path: Path) -> None:
    source = replayed(tmp_path, row(2, household_id=5), row(3, household_id=5), row(4, household_id=6))
    orders = [message for message in map(parsed, source.messages()) if isinstance(message, OrderSubmitted)]
    two, three, four = (order.customer_id for order in orders)
    assert two == three != four


def test_messages_come_in_the_order_of_their_times_and_of_their_order(tmp_path: Path) -> None:
    source = replayed(tmp_path, row(GOODWILL), row(CANCELLED, "2017-01-16 11:00:00"), row(2, "2017-01-16 18:00:00"))
    times = [envelope.time for envelope in source.messages()]
    assert times == sorted(times)
    same_time = [envelope.subject for envelope in source.messages() if envelope.time.hour == 18][:3]
    assert same_time == ["cj_101", "cj_2", "cj_2"]


def test_stamps_are_utc_and_days_are_the_store_s(tmp_path: Path) -> None:
    late, early = row(2, "2017-01-17 04:59:59"), row(3, "2017-01-17 05:00:00")
    source = CompleteJourney(files(tmp_path, [late, early]), Period(date(2017, 1, 17), date(2017, 1, 17)))
    (placed,) = [e for e in source.messages() if e.type == OrderSubmitted.wire_type()]
    assert (placed.subject, placed.time) == ("cj_3", datetime(2017, 1, 17, 5, tzinfo=UTC))


def test_a_limit_takes_the_first_orders_and_only_their_products(tmp_path: Path) -> None:
    later = row(2, "2017-01-17 12:00:00", product_id=8)
    source = replayed(tmp_path, later, row(3, quantity=0, product_id=9), row(4), limit=1)
    assert source.order_count == 1
    assert order_in(source).order_id == "cj_4"
    assert product_in(source).product_id == "cj_7"


def test_a_product_is_named_by_type_and_size_under_department_and_category(tmp_path: Path) -> None:
    submitted = product_in(replayed(tmp_path, row()))
    assert (submitted.name, submitted.category) == ("ICE 22 LB", ("GROCERY", "FRZN ICE"))


def test_a_product_that_the_files_do_not_describe_is_uncategorised(tmp_path: Path) -> None:
    source = replayed(tmp_path, row(product_id=99))
    assert (product_in(source).name, product_in(source).category) == ("product 99", ("uncategorised",))
    assert order_in(source).lines[0].name == "product 99"


def test_a_product_without_type_and_category_keeps_what_is_known(tmp_path: Path) -> None:
    bare = product(product_type=None, product_category=None, package_size=None)
    submitted = product_in(replayed(tmp_path, row(), products=[bare]))
    assert (submitted.name, submitted.category) == ("product 7", ("GROCERY",))


def test_a_product_brings_the_units_of_the_whole_file_and_its_first_unit_price_whatever_the_period(
    tmp_path: Path,
) -> None:
    rows = [row(2, quantity=4, sales_value=7.0, retail_disc=0.0), row(3, "2017-02-01 12:00:00", quantity=6)]
    grocer = files(tmp_path, rows)
    whole, february = (CompleteJourney(grocer, period) for period in (Period(), Period(first=date(2017, 2, 1))))
    assert list(whole.products()) == list(february.products())
    submitted = product_in(february)
    assert (submitted.options[0].stock, submitted.list_price) == (10, usd(178))


def test_a_product_that_nobody_took_home_brings_nothing(tmp_path: Path) -> None:
    source = replayed(tmp_path, row(), row(quantity=0, product_id=8))
    stock = {message.product_id: message.options[0].stock for message in map(parsed, source.products())}  # type: ignore[attr-defined]
    assert stock == {"cj_7": 1, "cj_8": 0}
