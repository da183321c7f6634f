"""What is opened in an order leaves room for whatever must still happen to it."""

from collections.abc import Callable
from itertools import count

from services.orders.domain.room import AT_PLACING, MANY_LINES
from shared.contracts.inbox_orders import MAX_LINES, ClaimDecision, OrdersMessage, SubmittedLine
from shared.contracts.order_state import OrderState, OrderStatus, RefundStatus
from tests.orders.given import (
    Desk,
    a_line,
    a_paid_order,
    a_placed_order,
    cancel,
    decided,
    declined,
    delivered,
    goodwill,
    paid,
    placed,
    refunded,
    reserved,
    sent_back,
    shipped,
    won,
)

WIDE = "가" * 200
"""As long as a name may be; each character takes three bytes."""
WIDEST = chr(1) * 200
"""Each character takes six bytes."""
ONE_OF_EACH = {str(n): 1 for n in range(MAX_LINES)}


def lines(count: int, name: str = "Mug") -> list[SubmittedLine]:
    return [a_line(str(n), 20, 10_000).model_copy(update={"name": name, "option_name": name}) for n in range(count)]


def size(state: OrderState) -> int:
    return len(state.model_dump_json().encode())


def tell(desk: Desk, *messages: OrdersMessage) -> Desk:
    """In one batch."""
    desk.deliver(*map(desk.sent, messages))
    return desk


def opened(desk: Desk, ask: Callable[[int], OrdersMessage], *then: Callable[[int], OrdersMessage]) -> list[int]:
    """Asked until that is refused."""
    for n in count():
        if desk.tell(ask(n)).parked:
            return [*range(n)]
        tell(desk, *(message(n) for message in then))
    raise AssertionError


def test_an_order_that_would_fill_its_events_by_itself_is_not_placed() -> None:
    assert Desk().tell(placed(*lines(495, WIDE))).refused == [("INVALID", "lines")]


def test_an_order_of_few_lines_is_never_too_large() -> None:
    worth = {"list_amount": won(10**13), "discount_amount": won(10**13 - 1), "quantity": 1_000_000}
    most = {"product_id": "p" * 100, "option_id": "o" * 100} | worth
    few = (line.model_copy(update=most | {"line_id": line.line_id.zfill(100)}) for line in lines(MANY_LINES, WIDEST))
    desk = a_placed_order(*few)
    assert 0.5 * AT_PLACING < size(desk.public) < 0.99 * AT_PLACING


def test_as_many_lines_as_an_order_may_have_come_with_names_of_forty_characters() -> None:
    assert Desk().tell(placed(*lines(MAX_LINES, WIDE[:40]))).parked == []


def test_the_largest_order_lives_as_any_other() -> None:
    desk = a_placed_order(*lines(240, WIDE))
    assert size(desk.public) > 0.99 * AT_PLACING
    tell(desk, *(declined(f"pay_{n}") for n in range(60)), paid(desk.public.total.amount)).catalog_says(reserved())
    tell(desk, cancel("clm_0", dict.fromkeys(map(str, range(240)), 1), decided=True), refunded(claim_id="clm_0"))
    tell(desk, *(shipped(f"shp_{n}", {str(n): 19}) for n in range(30)), shipped("shp_rest"), delivered("shp_rest"))
    tell(desk, *(delivered(f"shp_{n}") for n in range(30)), sent_back("clm_1", decided=True))
    assert tell(desk, refunded(claim_id="clm_1")).public.status is OrderStatus.RETURNED
    assert {refund.status for refund in desk.public.refunds} == {RefundStatus.SETTLED}
    assert (desk.parked, desk.held) == ([], {})


def test_claims_asked_and_withdrawn_leave_room_to_pay_and_to_ship() -> None:
    desk = a_placed_order(*lines(MAX_LINES))
    opened(desk, lambda n: cancel(f"clm_{n}"), lambda n: decided(ClaimDecision.WITHDRAWN, f"clm_{n}"))
    assert desk.refused == [("ILLEGAL_MOVE", "claim_id")]
    tell(desk, paid(desk.public.total.amount), shipped(), delivered())
    assert (desk.public.status, len(desk.parked)) == (OrderStatus.DELIVERED, 1)


def test_claims_that_are_open_leave_room_to_be_granted_and_refunded() -> None:
    desk = tell(a_paid_order(*lines(MAX_LINES)), shipped(), delivered())
    claims = [f"clm_{n}" for n in opened(desk, lambda n: sent_back(f"clm_{n}", ONE_OF_EACH))]
    assert desk.refused == [("ILLEGAL_MOVE", "claim_id")]
    tell(desk, *(decided(ClaimDecision.APPROVED, claim, waive_pickup=True) for claim in claims))
    tell(desk, *(refunded(claim_id=claim) for claim in claims))
    assert [refund.claim_id for refund in desk.public.refunds if refund.status is RefundStatus.SETTLED] == claims
    assert (len(claims) > 2, len(desk.parked)) == (True, 1)


def test_goodwill_leaves_room_to_be_paid() -> None:
    desk = tell(a_paid_order(*lines(MAX_LINES)), shipped(), delivered())
    given = [f"rfd_{n}" for n in opened(desk, lambda n: goodwill(f"rfd_{n}", ONE_OF_EACH))]
    assert desk.refused == [("ILLEGAL_MOVE", "refund_id")]
    tell(desk, *(refunded(refund_id=refund) for refund in given))
    assert {refund.status for refund in desk.public.refunds} == {RefundStatus.SETTLED}
    assert (len(given) > 2, len(desk.parked)) == (True, 1)
