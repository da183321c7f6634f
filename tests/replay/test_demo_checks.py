"""Each of the demo's checks finds what it is there for, and is silent about the rest."""

import json
from pathlib import Path

from deploy.replay.demo.checks import asleep, stale_cards, waiting_records, wrong_shelves
from deploy.replay.demo.desk import Asked, OrderCard, Ticket
from deploy.replay.demo.pictures import ticket_lines, tickets_line
from deploy.replay.shelves import Shelf
from deploy.replay.watch import Moment, Standing
from shared.contracts.inquiries import InquiryStatus
from shared.contracts.order_state import OrderState
from tests.replay.test_watch import answer

EXAMPLE = Path(__file__).parents[2] / "shared/contracts/examples/orders.OrderDelivered.v1.json"
ORDER = OrderState.model_validate(json.loads(EXAMPLE.read_text())["value"]["order"])
ASKED = Asked("inq_1", ORDER.order_id, waited=True)


def ticket(order: OrderState | None = ORDER, status: InquiryStatus = InquiryStatus.OPEN) -> Ticket:
    card = OrderCard(as_of=ORDER.placed_at, sequence=3, state=order, timeline=[]) if order else None
    return Ticket(
        inquiry_id="inq_1",
        status=status,
        missing_fields=["contact"],
        order_state="shown" if order else "order not seen yet",
        order=card,
        messages=[],
        draft=None,
    )


def test_a_ticket_that_shows_the_newest_state_is_right() -> None:
    assert list(stale_cards([ticket()], [ASKED], {ORDER.order_id: ORDER})) == []


def test_a_ticket_that_shows_an_older_state_is_named_even_if_only_an_amount_differs() -> None:
    older = ORDER.model_copy(update={"shipping_fee": ORDER.shipping_fee.model_copy(update={"amount": 1})})
    (told,) = stale_cards([ticket(older)], [ASKED], {ORDER.order_id: ORDER})
    assert told.startswith(f"ticket inq_1 of order {ORDER.order_id} shows {ORDER.status}, not the newest")


def test_a_ticket_without_its_order_is_named() -> None:
    told = list(stale_cards([ticket(None)], [ASKED], {ORDER.order_id: ORDER}))
    assert told == [f"ticket inq_1 of order {ORDER.order_id} shows no order: order not seen yet"]


def test_a_ticket_that_still_waits_is_named() -> None:
    waiting = ticket(status=InquiryStatus.WAITING_EVENT)
    assert list(asleep([ticket()], [ASKED])) == []
    assert [told.split()[1] for told in asleep([waiting], [ASKED])] == ["inq_1"]


def test_a_demo_in_which_nobody_waited_proves_nothing() -> None:
    assert list(asleep([ticket()], [Asked("inq_1", ORDER.order_id, waited=False)])) == [
        "no ticket ever waited for its order to ship"
    ]


def test_a_shelf_that_does_not_follow_the_formula_is_named() -> None:
    right, reserved = Shelf(on_hand=3, reserved=0, available=3), Shelf(on_hand=3, reserved=1, available=2)
    assert list(wrong_shelves({"cj_7": right}, {"cj_7": right, "cj_8": right}, sent=1)) == []
    (told,) = wrong_shelves({"cj_7": reserved}, {"cj_7": right}, sent=1)
    assert told.startswith("product cj_7 has on_hand=3 reserved=1 available=2, expected on_hand=3 reserved=0")
    (told,) = wrong_shelves({"cj_7": right}, {}, sent=1)
    assert told.endswith("expected on_hand=0 reserved=0 available=0")
    assert list(wrong_shelves({"cj_7": right}, {"cj_7": right}, sent=2)) == ["catalog has 1 products, 2 were sent"]


def test_held_and_parked_records_are_named() -> None:
    left = Standing.model_validate(answer(6, 6) | {"held": 1})
    assert list(waiting_records(Moment({"orders": left}))) == ["orders has 1 held and 0 parked records, expected none"]
    assert list(waiting_records(Moment({"orders": Standing.model_validate(answer(6, 6))}))) == []


def test_what_is_shown_of_a_ticket_names_its_state_before_and_after_the_order_is_known() -> None:
    assert list(ticket_lines("Early", ticket(None, InquiryStatus.NEW))) == [
        "  Early, the ticket is NEW",
        "    order not seen yet; still to ask for: contact",
    ]
    shown = "\n".join(ticket_lines("Late", ticket()))
    assert f"order {ORDER.order_id}: {ORDER.status}" in shown
    assert f"parcel {ORDER.shipments[0].tracking_no} shipped" in shown
    assert tickets_line([ticket(), ticket(None)], [ASKED, ASKED]) == (
        "2 tickets, 1 enriched with their order; 2 waited for it, 2 woke."
    )
