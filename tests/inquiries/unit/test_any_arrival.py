"""Order events may come in any order, twice, and around whatever agents do: the desk ends as the order did."""

from hypothesis import given
from hypothesis import strategies as st

from services.inquiries.commands import WaitForOrder
from services.inquiries.repository import INQUIRY, ORDER_CARD
from shared.contracts.envelope import Envelope
from shared.contracts.inquiries import InquiryStatus, OrderMoment
from tests.inquiries.given import ORDER_ID, a_desk, an_open_ticket, delivered, paid, placed, shipped

HISTORY: list[Envelope] = [placed(1), paid(2), shipped(3), delivered(4)]
TICKETS = ["inq_1", "inq_2", "inq_3"]
Step = Envelope | str
WAITS = [f"wait {id}" for id in TICKETS]


@st.composite
def arrivals(draw: st.DrawFn) -> list[Step]:
    """Every event at least once, some again, the waits of some tickets anywhere between."""
    again = draw(st.lists(st.sampled_from(HISTORY), max_size=6))
    waits = draw(st.lists(st.sampled_from(WAITS), unique=True))
    return draw(st.permutations([*HISTORY, *again, *waits]))


@given(arrivals(), st.integers(1, 5))
def test_the_card_is_the_newest_state_and_every_ticket_is_awake(steps: list[Step], batch: int) -> None:
    desk = a_desk()
    for id in TICKETS:
        an_open_ticket(desk, inquiry_id=id)
    pending: list[Envelope] = []
    for step in steps:
        if isinstance(step, Envelope):
            pending.append(step)
        if isinstance(step, str) or len(pending) == batch:
            desk.deliver(*pending)
            pending = []
        if isinstance(step, str):
            id = step.split()[1]
            desk.command(WaitForOrder(inquiry_id=id, moment=OrderMoment.SHIPPED), id)
    desk.deliver(*pending)

    card = desk.state(ORDER_CARD, ORDER_ID)
    assert card is not None
    assert (card.sequence, card.waiting) == (4, ())
    assert card.order is not None
    assert card.order.model_dump_json().encode() in HISTORY[-1].data
    assert sorted(desk.rows["order_timeline"]) == [f"{ORDER_ID}/{n:09d}" for n in range(1, 5)]
    assert desk.parked == []
    for id in TICKETS:
        ticket = desk.state(INQUIRY, id)
        assert ticket is not None
        waited = f"wait {id}" in steps
        assert ticket.status is (InquiryStatus.OPEN if waited else InquiryStatus.NEW)
        assert ticket.messages == (2 if waited else 1)
