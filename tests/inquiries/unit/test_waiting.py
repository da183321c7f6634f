import pytest

from services.inquiries.commands import AmendInquiry, ReopenInquiry, ResolveInquiry, WaitForOrder
from services.inquiries.domain.inquiry import Inquiry
from services.inquiries.domain.order_card import OrderCard
from services.inquiries.repository import INQUIRY, ORDER_CARD
from services.inquiries.waiting import MAX_WAITING
from shared.contracts.inquiries import InquiryStatus, OrderMoment
from shared.contracts.order_state import LineUnits, OrderStatus, Reason
from shared.contracts.orders import OrderCancelled
from shared.runtime.decision import IllegalMove, Invalid, Unknown
from tests.inquiries.given import (
    INQUIRY_ID,
    ORDER_ID,
    a_desk,
    an_open_ticket,
    an_order,
    delivered,
    paid,
    placed,
    shipped,
    told,
)
from tests.support.memory import MemoryRuntime

WAIT = WaitForOrder(inquiry_id=INQUIRY_ID, moment=OrderMoment.SHIPPED)
CANCELLED = told(
    OrderCancelled(
        order=an_order(OrderStatus.CANCELED),
        lines=(LineUnits(line_id="1", quantity=2),),
        reason=Reason.INTENT_CHANGED,
    ),
    3,
)


def a_waiting_ticket(*, order: bool = True) -> MemoryRuntime:
    desk = an_open_ticket(a_desk())
    if order:
        desk.deliver(placed())
    desk.command(WAIT, INQUIRY_ID, id="wait")
    return desk


def ticket_of(desk: MemoryRuntime, id: str = INQUIRY_ID) -> Inquiry:
    ticket = desk.state(INQUIRY, id)
    assert ticket is not None
    return ticket


def card_of(desk: MemoryRuntime) -> OrderCard:
    card = desk.state(ORDER_CARD, ORDER_ID)
    assert card is not None
    return card


@pytest.mark.parametrize("order", [True, False])
def test_the_wait_is_written_on_the_ticket_and_on_the_orders_card(order: bool) -> None:
    desk = a_waiting_ticket(order=order)
    ticket = ticket_of(desk)
    assert (ticket.status, ticket.waiting_for) == (InquiryStatus.WAITING_EVENT, OrderMoment.SHIPPED)
    assert card_of(desk).waiting == (INQUIRY_ID,)
    assert desk.event_types == ["InquiryOpened", "InquiryWaiting"]


@pytest.mark.parametrize("order", [True, False])
def test_the_shipment_wakes_it_with_the_facts_and_a_draft(order: bool) -> None:
    desk = a_waiting_ticket(order=order)
    desk.deliver(shipped())
    ticket = ticket_of(desk)
    assert (ticket.status, ticket.waiting_for, ticket.reopen_count) == (InquiryStatus.OPEN, None, 0)
    assert ticket.draft is not None
    assert "CJGLS" in ticket.draft.text
    assert "1234-5678" in ticket.draft.text
    note = desk.rows["messages"][f"{INQUIRY_ID}/000002"]
    assert (note["author"], note["public"]) == ("system", False)
    assert "Handed to CJGLS on 2026-03-02, tracking number 1234-5678." in note["text"]
    assert desk.event_types[-1] == "InquiryReopened"
    assert b'"reason":"shipped"' in desk.events[-1].data
    assert card_of(desk).waiting == ()


def test_the_day_of_a_parcel_is_the_stores() -> None:
    desk = an_open_ticket(a_desk(store_timezone="Pacific/Kiritimati"))
    desk.command(WAIT, INQUIRY_ID)
    desk.deliver(shipped())
    assert "2026-03-02" in desk.rows["messages"][f"{INQUIRY_ID}/000002"]["text"]
    west = an_open_ticket(a_desk(store_timezone="Pacific/Honolulu"))
    west.command(WAIT, INQUIRY_ID)
    west.deliver(shipped())
    assert "2026-03-01" in west.rows["messages"][f"{INQUIRY_ID}/000002"]["text"]


def test_an_event_that_is_no_shipment_wakes_nobody() -> None:
    desk = a_waiting_ticket()
    desk.deliver(paid())
    assert ticket_of(desk).status is InquiryStatus.WAITING_EVENT
    assert card_of(desk).waiting == (INQUIRY_ID,)


def test_a_later_event_wakes_it_when_the_shipment_itself_was_missed() -> None:
    desk = a_waiting_ticket()
    desk.deliver(delivered())
    assert ticket_of(desk).status is InquiryStatus.OPEN


def test_what_is_shipped_already_wakes_at_once() -> None:
    desk = an_open_ticket(a_desk())
    desk.deliver(shipped())
    desk.command(WAIT, INQUIRY_ID)
    ticket = ticket_of(desk)
    assert (ticket.status, ticket.waiting_for) == (InquiryStatus.OPEN, None)
    assert ticket.draft is not None
    assert card_of(desk).waiting == ()
    assert desk.event_types == ["InquiryOpened", "InquiryReopened"]


def test_an_order_that_will_never_ship_wakes_it_too() -> None:
    desk = a_waiting_ticket()
    desk.deliver(CANCELLED)
    ticket = ticket_of(desk)
    assert ticket.status is InquiryStatus.OPEN
    assert "cancelled" in desk.rows["messages"][f"{INQUIRY_ID}/000002"]["text"]
    assert b'"reason":"cancelled"' in desk.events[-1].data


def test_waiting_again_for_the_same_changes_nothing() -> None:
    desk = a_waiting_ticket()
    desk.command(WAIT, INQUIRY_ID, id="again")
    assert card_of(desk).waiting == (INQUIRY_ID,)
    assert desk.event_types == ["InquiryOpened", "InquiryWaiting"]


def test_every_ticket_that_waits_for_the_order_wakes() -> None:
    desk = a_desk()
    ids = [f"inq_{n}" for n in range(5)]
    for id in ids:
        an_open_ticket(desk, inquiry_id=id)
        desk.command(WaitForOrder(inquiry_id=id, moment=OrderMoment.SHIPPED), id)
    desk.deliver(placed(), shipped())
    assert {ticket_of(desk, id).status for id in ids} == {InquiryStatus.OPEN}


@pytest.mark.parametrize("leave", [ResolveInquiry, ReopenInquiry])
def test_a_ticket_that_waits_no_longer_is_left_alone(leave: type[ResolveInquiry | ReopenInquiry]) -> None:
    desk = a_waiting_ticket()
    desk.command(leave(inquiry_id=INQUIRY_ID), INQUIRY_ID)
    before = ticket_of(desk)
    desk.deliver(shipped())
    assert ticket_of(desk) == before
    assert card_of(desk).waiting == ()


def test_it_may_wait_again_after_it_was_reopened() -> None:
    desk = a_waiting_ticket()
    desk.command(ReopenInquiry(inquiry_id=INQUIRY_ID), INQUIRY_ID)
    desk.command(WAIT, INQUIRY_ID, id="again")
    desk.deliver(shipped())
    assert desk.event_types[1:] == ["InquiryWaiting", "InquiryReopened", "InquiryWaiting", "InquiryReopened"]


def test_a_ticket_that_now_waits_for_another_order_is_left_alone() -> None:
    desk = a_waiting_ticket()
    desk.command(ReopenInquiry(inquiry_id=INQUIRY_ID), INQUIRY_ID)
    desk.command(AmendInquiry(inquiry_id=INQUIRY_ID, order_id="ord_2"), INQUIRY_ID, if_match=0)
    desk.command(WAIT, INQUIRY_ID, id="again")
    desk.deliver(shipped())
    assert ticket_of(desk).status is InquiryStatus.WAITING_EVENT
    desk.deliver(shipped(order_id="ord_2"))
    assert ticket_of(desk).status is InquiryStatus.OPEN


def test_a_ticket_without_an_order_has_nothing_to_wait_for() -> None:
    desk = an_open_ticket(a_desk(), order_id=None)
    with pytest.raises(Invalid) as refusal:
        desk.command(WAIT, INQUIRY_ID)
    assert refusal.value.field == "order_id"
    assert "wait" not in ticket_of(desk).allowed_actions


def test_a_resolved_ticket_cannot_wait() -> None:
    desk = an_open_ticket(a_desk())
    desk.command(ResolveInquiry(inquiry_id=INQUIRY_ID), INQUIRY_ID)
    with pytest.raises(IllegalMove):
        desk.command(WAIT, INQUIRY_ID)


def test_an_unknown_ticket_cannot_wait() -> None:
    with pytest.raises(Unknown):
        a_desk().command(WAIT, INQUIRY_ID)


def test_nobody_waits_for_a_strangers_order() -> None:
    desk = an_open_ticket(a_desk(), customer_id="cus_2")
    desk.deliver(placed())
    with pytest.raises(IllegalMove, match="another customer"):
        desk.command(WAIT, INQUIRY_ID)


def test_of_an_order_that_turns_out_to_be_a_strangers_nothing_is_told() -> None:
    desk = an_open_ticket(a_desk(), customer_id="cus_2")
    desk.command(WAIT, INQUIRY_ID)
    desk.deliver(shipped())
    ticket = ticket_of(desk)
    assert (ticket.status, ticket.draft) == (InquiryStatus.OPEN, None)
    assert "1234-5678" not in desk.rows["messages"][f"{INQUIRY_ID}/000002"]["text"]


def test_one_order_wakes_only_so_many() -> None:
    desk = an_open_ticket(a_desk())
    crowd = tuple(f"inq_{n}" for n in range(10, 10 + MAX_WAITING))
    desk.documents[ORDER_CARD.ref(ORDER_ID)] = {
        **ORDER_CARD.dump(OrderCard(waiting=crowd)),
        "_id": ORDER_ID,
        "meta": {"version": 1, "sequence": 0, "revision": 0, "held": 0, "heard": []},
    }
    with pytest.raises(IllegalMove, match="wait for order") as refused:
        desk.command(WAIT, INQUIRY_ID)
    assert refused.value.field == "order_id"
