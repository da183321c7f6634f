import pytest
from pydantic import ValidationError

from services.orders.repository import CLIENT_ORDER, ORDER
from shared.contracts.base import Money
from shared.contracts.inbox_orders import Recipient
from shared.contracts.order_state import OrderStatus, StockStatus
from tests.orders.given import Desk, a_line, a_placed_order, placed, won
from tests.support.memory import T0


def test_a_placed_order_waits_for_its_payment_and_its_stock() -> None:
    desk = a_placed_order(a_line("1", 3, 10_000, discount=1_000), a_line("2", 1, 500), fee=3_000)
    order = desk.public
    assert (order.status, order.stock) == (OrderStatus.PAYMENT_WAITING, StockStatus.PENDING)
    assert order.total == won(12_500) == order.amount_due
    assert [line.ordered for line in order.lines] == [3, 1]
    assert order.pay_by is not None and (order.pay_by - order.placed_at).total_seconds() == 24 * 3600
    assert desk.event_types == ["OrderPlaced"]


def test_an_order_with_nothing_due_is_paid_when_placed() -> None:
    desk = a_placed_order(a_line(amount=1_000, discount=1_000), fee=0)
    assert desk.public.status is OrderStatus.PAYED
    assert desk.public.paid_at == desk.public.placed_at
    assert desk.event_types == ["OrderPlaced", "OrderPaid"]


def test_the_recipient_is_kept_and_not_published() -> None:
    desk = a_placed_order(recipient=Recipient(name="Hong Gildong", address="Jong-ro 1", phone="010-9999-0000"))
    assert desk.order.recipient is not None
    assert desk.order.recipient.name == "Hong Gildong"
    for secret in (b"Hong", b"Jong-ro", b"9999", b"recipient"):
        assert not any(secret in event.data for event in desk.events)


def test_the_same_order_told_twice_changes_nothing() -> None:
    desk = a_placed_order()
    before = desk.stored(ORDER, "ord_1").version
    desk.tell(placed())
    assert desk.event_types == ["OrderPlaced"]
    assert desk.stored(ORDER, "ord_1").version == before
    assert desk.parked == []


def test_another_order_under_the_same_id_is_refused() -> None:
    desk = a_placed_order().tell(placed(a_line(quantity=4)))
    assert desk.refused == [("ILLEGAL_MOVE", "order_id")]
    assert desk.line.ordered == 3


def test_a_channel_s_order_number_is_unique_for_ever() -> None:
    desk = a_placed_order(client_order_number="N-1")
    desk.tell(placed(client_order_number="N-1"))
    assert desk.parked == []
    desk.tell(placed(order_id="ord_2", client_order_number="N-1"))
    assert desk.refused == [("ILLEGAL_MOVE", "client_order_number")]
    assert desk.state(ORDER, "ord_2") is None
    desk.tell(placed(order_id="ord_3", client_order_number="N-1", channel="kakao"))
    assert desk.state(ORDER, "ord_3") is not None
    assert desk.state(CLIENT_ORDER, "web~N-1") is not None


def test_a_wrong_currency_is_named() -> None:
    desk = Desk(store_currency="USD").tell(placed())
    assert desk.refused == [("INVALID", "currency")]


def test_lines_worth_more_than_an_amount_can_say_are_refused() -> None:
    desk = Desk().tell(placed(a_line("1", amount=10**15), a_line("2", amount=10**15)))
    assert desk.refused == [("INVALID", "lines")]


@pytest.mark.parametrize(
    ("wrong", "at"),
    [
        ({"lines": ()}, ("lines",)),
        ({"lines": (a_line("1"), a_line("1"))}, ("lines",)),
        ({"lines": tuple(a_line(str(n)) for n in range(501))}, ("lines",)),
        ({"currency": "USD"}, ("lines",)),
        ({"shipping_fee": won(-1)}, ("shipping_fee",)),
        ({"shipping_fee": Money(amount=1, currency="USD")}, ("shipping_fee",)),
        ({"lines": ({**a_line().model_dump(), "quantity": -1},)}, ("lines", 0, "quantity")),
        ({"lines": ({**a_line().model_dump(), "quantity": 1.5},)}, ("lines", 0, "quantity")),
        ({"lines": ({**a_line().model_dump(), "discount_amount": won(10_001)},)}, ("lines", 0, "discount_amount")),
    ],
)
def test_what_is_wrong_with_an_order_is_named_at_its_field(wrong: dict[str, object], at: tuple[object, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        placed(**wrong)  # type: ignore[arg-type]
    assert at in [error["loc"] for error in refused.value.errors()]


def test_placing_times_are_those_of_the_world() -> None:
    assert a_placed_order().public.placed_at.date() == T0.date()
