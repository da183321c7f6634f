"""Which of a line's options a claim is about, where exchanges changed some of its units."""

import pytest

from tests.orders.given import (
    a_delivered_order,
    an_exchanged_order,
    an_order_to_ship,
    asked_for,
    cancel,
    collected,
    delivered,
    exchange,
    picked_up,
    replaced,
    sent_back,
    shipped,
)
from tests.orders.invariants import broken


def test_units_of_several_options_are_claimed_apart() -> None:
    assert an_exchanged_order().tell(sent_back("clm_1", {"1": 3})).refused == [("ILLEGAL_MOVE", "lines")]


def test_a_claim_may_say_which_option_comes_back() -> None:
    for again in (sent_back("clm_1", {"1": 1}, "blue"), exchange("clm_1", {"1": 1}, "red", option="blue")):
        desk = an_exchanged_order().tell(again, sent_back("clm_2", {"1": 1}, "blue"), sent_back("clm_3", {"1": 2}))
        assert [claim.lines[0].option_id for claim in desk.public.claims] == ["default", "blue", "default"]
        assert desk.refused == [("ILLEGAL_MOVE", "lines.0.option_id")]
        assert (desk.line.exchanged, broken(desk.public)) == (0, [])


@pytest.mark.parametrize("option", ["red", "none"])
def test_an_option_that_the_customer_does_not_have_cannot_come_back(option: str) -> None:
    assert an_exchanged_order().tell(sent_back("clm_1", {"1": 1}, option)).refused == [
        ("ILLEGAL_MOVE", "lines.0.option_id")
    ]


def test_what_an_exchange_is_to_send_is_asked_back_once_it_is_there() -> None:
    desk = a_delivered_order().tell(exchange("clm_0"), sent_back("clm_1", {"1": 1}, "blue"))
    assert len(desk.held) == 1
    desk.tell(picked_up("clm_0"), collected("clm_0"), replaced("clm_0"), delivered("shp_9"))
    assert (desk.held, desk.line.return_open, desk.line.exchanged) == ({}, 1, 0)


def test_units_of_one_option_are_waited_for_where_some_are_still_to_be_sent() -> None:
    desk = an_order_to_ship().tell(shipped("shp_1", {"1": 2}), delivered("shp_1"), exchange("clm_0"))
    desk.tell(picked_up("clm_0"), collected("clm_0"), replaced("clm_0"), delivered("shp_9"))
    desk.tell(sent_back("clm_1", {"1": 2}), sent_back("clm_2", {"1": 2}, "default"))
    assert len(desk.held) == 2
    desk.tell(shipped("shp_2"))
    assert (desk.line.return_open, desk.refused) == (2, [("ILLEGAL_MOVE", "lines.0.quantity")])


def test_a_cancel_names_no_option() -> None:
    desk = an_order_to_ship().tell(cancel(lines=asked_for({"1": 1}, option="default")))
    assert desk.refused == [("INVALID", "lines.0.option_id")]
