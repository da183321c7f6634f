"""The orders and the shelves, as the services tell them, beside what the files say."""

from datetime import date
from pathlib import Path

import httpx

from deploy.replay.expected import Expected
from deploy.replay.olist_expectation import expected
from deploy.replay.order_states import compare_states, count_orders, found_states
from deploy.replay.period import Period
from deploy.replay.shelves import Shelf, compare_shelves
from tests.replay.olist_market import called_off, files, order

STATES = {"o1": "DELIVERED", "o2": "DELIVERED", "off": "CANCELED", "untold": "PAYMENT_WAITING"}
SHELVES = {"p1": Shelf(on_hand=2, reserved=1, available=1)}


def market(folder: Path) -> Expected:
    rows = [order("o1"), order("o2"), called_off("off"), order("untold", order_approved_at=None)]
    return expected(files(folder, rows), Period())


def test_orders_that_stand_where_the_files_say_are_counted_and_exceptions_come_last(tmp_path: Path) -> None:
    assert list(compare_states(market(tmp_path), STATES, placed=4).sentences()) == [
        "Orders and source: the states of 4 orders compared: all equal. Other orders: 0.",
        "          1 canceled: CANCELED",
        "          2 delivered: DELIVERED",
        "          1 delivered: PAYMENT_WAITING, for the files tell no approval of its payment",
    ]


def test_what_becomes_of_an_order_by_itself_is_no_difference(tmp_path: Path) -> None:
    later = STATES | {"o1": "PURCHASE_DECIDED", "untold": "CANCELED_BY_NOPAYMENT"}
    verdict = compare_states(market(tmp_path), later, placed=4)
    assert verdict.ok
    assert "          1 delivered: PURCHASE_DECIDED" in verdict.sentences()


def test_an_order_that_stands_elsewhere_or_is_missing_is_named(tmp_path: Path) -> None:
    found = {"o1": "DELIVERING", "o2": "DELIVERED", "untold": "PAYMENT_WAITING", "other": "PAYED"}
    verdict = compare_states(market(tmp_path), found, placed=9)
    assert (verdict.ok, verdict.outside) == (False, 6)
    assert [str(difference) for difference in verdict.differences] == [
        "order o1: expected DELIVERED, found DELIVERING",
        "order off: expected CANCELED, found no such order",
    ]


def test_a_shelf_that_differs_is_named_unless_others_take_from_it(tmp_path: Path) -> None:
    wanted, wrong = market(tmp_path), {"p1": Shelf(on_hand=2, reserved=0, available=2)}
    assert list(compare_shelves(wanted, STATES, SHELVES, outside=0).sentences()) == [
        "Shelves and source: 1 products compared with brought − shipped + restocked: all equal."
    ]
    assert compare_shelves(wanted, STATES, wrong, outside=0).differences == [
        "product p1: expected on_hand=2 reserved=1 available=1, found on_hand=2 reserved=0 available=2"
    ]
    assert compare_shelves(wanted, STATES, {}, outside=0).differences == [
        "product p1: expected on_hand=2 reserved=1 available=1, found no such product"
    ]
    assert list(compare_shelves(wanted, STATES, wrong, outside=3).sentences()) == [
        "Shelves and source: not compared, 3 other orders take from the same shelves."
    ]


def answer(request: httpx.Request) -> httpx.Response:
    """Orders on two pages."""
    if request.url.path == "/orders/counts":
        return httpx.Response(200, json={"DELIVERED": 2, "PAYED": 1, "CANCELED": 2})
    second = "cursor" in request.url.params
    ids = ("off", "untold") if second else ("o1", "o2")
    items = [{"order_id": id, "status": STATES[id], "lines": []} for id in ids]
    return httpx.Response(200, json={"items": items, "next_cursor": None if second else "next"})


async def test_all_pages_are_read(tmp_path: Path) -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        assert await found_states(client, "http://orders", market(tmp_path)) == STATES
        assert await count_orders(client, "http://orders") == 5


async def test_the_days_beside_the_period_are_asked_for_too(tmp_path: Path) -> None:
    asked: list[str] = []

    def page(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["from"] + " " + request.url.params["to"])
        return httpx.Response(200, json={"items": [], "next_cursor": None})

    day = Period(date(2017, 10, 16), date(2017, 10, 16))
    async with httpx.AsyncClient(transport=httpx.MockTransport(page)) as client:
        await found_states(client, "http://orders", expected(files(tmp_path, [order()]), day))
    assert asked == ["2017-10-15T00:00:00+00:00 2017-10-18T00:00:00+00:00"]
