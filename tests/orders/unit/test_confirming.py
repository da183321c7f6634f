from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from services.orders.commands import ConfirmOrder
from services.orders.domain.business_days import business_days_after, end_of_business_day, is_business_day
from services.orders.settings import Settings
from shared.contracts.order_state import PlaceStatus
from shared.runtime.decision import IllegalMove, NotYet
from tests.orders.given import BUYER, ID, a_line, a_paid_order, a_placed_order, an_order_to_ship, cancel, shipped

CONFIRM = ConfirmOrder(order_id=ID)


def test_confirming_promises_to_ship_within_three_business_days() -> None:
    desk = an_order_to_ship()
    order = desk.ask(CONFIRM)
    assert {line.place_status for line in order.lines} == {PlaceStatus.OK}
    assert order.ship_by == datetime(2026, 3, 5, 14, 59, 59, tzinfo=UTC)  # T0 is Monday, a substitute holiday
    assert desk.event_types[-1] == "OrderConfirmed"


def test_confirming_twice_changes_nothing() -> None:
    desk = an_order_to_ship()
    desk.ask(CONFIRM)
    desk.ask(CONFIRM)
    assert desk.event_types.count("OrderConfirmed") == 1


def test_the_rest_of_an_order_partly_sent_is_confirmed() -> None:
    desk = an_order_to_ship(a_line("1"), a_line("2")).tell(shipped(wanted={"1": 3}))
    assert [line.place_status for line in desk.ask(CONFIRM).lines] == [PlaceStatus.NOT_YET, PlaceStatus.OK]


def test_confirming_waits_for_payment_stock_and_open_requests() -> None:
    for desk in (a_placed_order(), a_paid_order(), an_order_to_ship().tell(cancel(wanted={"1": 1}))):
        with pytest.raises(NotYet):
            desk.ask(CONFIRM)


def test_what_has_left_or_is_cancelled_cannot_be_confirmed() -> None:
    for desk in (an_order_to_ship().tell(shipped()), an_order_to_ship().tell(cancel(decided=True))):
        with pytest.raises(IllegalMove):
            desk.ask(CONFIRM)


def test_only_the_seller_confirms() -> None:
    with pytest.raises(IllegalMove):
        an_order_to_ship().ask(CONFIRM, BUYER)
    assert an_order_to_ship().tell(CONFIRM).refused == [("ILLEGAL_MOVE", None)]


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 2, 16), "the day before Seollal"),
        (date(2026, 2, 17), "Seollal"),
        (date(2026, 2, 18), "the day after Seollal"),
        (date(2026, 3, 2), "a substitute holiday, 1 March being a Sunday"),
        (date(2026, 9, 24), "the day before Chuseok"),
        (date(2026, 9, 25), "Chuseok"),
        (date(2026, 10, 5), "a substitute holiday, 3 October being a Saturday"),
        (date(2026, 11, 21), "Saturday"),
        (date(2026, 11, 22), "Sunday"),
    ],
)
def test_no_business_is_done_on(day: date, why: str) -> None:
    assert not is_business_day(day, "KR"), why


@pytest.mark.parametrize(
    ("start", "third"),
    [
        (date(2026, 11, 16), date(2026, 11, 19)),  # Monday to Thursday
        (date(2026, 11, 19), date(2026, 11, 24)),  # over a weekend
        (date(2026, 11, 21), date(2026, 11, 25)),  # from a Saturday
        (date(2026, 2, 13), date(2026, 2, 23)),  # over Seollal and two weekends
        (date(2025, 10, 2), date(2025, 10, 14)),  # over Chuseok, Hangul Day and a substitute holiday
        (date(2026, 12, 30), date(2027, 1, 5)),  # into another year
    ],
)
def test_the_third_business_day_after(start: date, third: date) -> None:
    assert business_days_after(start, 3, "KR") == third


def test_a_country_whose_holidays_are_not_known_stops_the_start() -> None:
    with pytest.raises(ValidationError, match="holidays of XX are not known"):
        Settings(holiday_country="XX")


def test_days_are_those_of_the_store_s_zone() -> None:
    late_on_monday_utc = datetime(2026, 11, 16, 16, tzinfo=UTC)
    in_seoul = end_of_business_day(late_on_monday_utc, 1, zone="Asia/Seoul", country="KR")
    in_new_york = end_of_business_day(late_on_monday_utc, 1, zone="America/New_York", country="US")
    assert in_seoul == datetime(2026, 11, 18, 14, 59, 59, tzinfo=UTC)
    assert in_new_york == datetime(2026, 11, 18, 4, 59, 59, tzinfo=UTC)
