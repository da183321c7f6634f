from dataclasses import replace

import pytest

from services.orders.domain.payment import MAX_FAILED
from services.orders.domain.repeats import answered
from services.orders.repository import ORDER
from shared.contracts.base import Money
from shared.contracts.inbox_orders import ClaimDecision, PaymentCaptured
from shared.contracts.order_state import OrderStatus, PaymentStatus, RefundKind, RefundStatus
from tests.orders.given import (
    ID,
    Desk,
    a_line,
    a_paid_order,
    a_placed_order,
    cancel,
    decided,
    declined,
    paid,
    placed,
    refunded,
    rejected,
    won,
)


def only_refund(desk: Desk) -> tuple[RefundKind, int, str | None]:
    [refund] = desk.public.refunds
    assert refund.status is RefundStatus.REQUESTED
    assert refund.lines == ()
    return refund.kind, refund.amount.amount, refund.payment_id


def test_the_amount_due_pays_the_order() -> None:
    desk = a_placed_order().tell(paid(13_000))
    assert desk.public.status is OrderStatus.PAYED
    assert desk.public.paid_at == desk.public.payments[0].at
    assert desk.event_types == ["OrderPlaced", "OrderPaid"]


def test_a_payment_told_twice_pays_once() -> None:
    desk = a_placed_order().tell(paid(), paid())
    assert desk.event_types == ["OrderPlaced", "OrderPaid"]


def test_the_same_payment_id_with_another_amount_is_refused() -> None:
    desk = a_placed_order().tell(paid(13_000), paid(12_000))
    assert desk.refused == [("ILLEGAL_MOVE", "payment_id")]


def test_a_payment_before_its_order_waits_for_it() -> None:
    desk = Desk().tell(paid(13_000))
    assert len(desk.held) == 1
    desk.tell(placed())
    assert desk.public.status is OrderStatus.PAYED
    assert desk.held == {}


@pytest.mark.parametrize("amount", [12_999, 13_001])
def test_another_amount_is_kept_on_record_and_given_back(amount: int) -> None:
    desk = a_placed_order().tell(paid(amount))
    [payment] = desk.public.payments
    assert (payment.status, payment.error_code) == (PaymentStatus.REFUNDED, "AMOUNT_DIFFERS")
    assert only_refund(desk) == (RefundKind.AMOUNT_DIFFERS, amount, "pay_1")
    assert desk.public.status is OrderStatus.PAYMENT_WAITING
    assert desk.event_types == ["OrderPlaced", "RefundRequested"]
    assert desk.tell(paid(13_000, "pay_2")).public.status is OrderStatus.PAYED


def test_a_second_payment_is_given_back() -> None:
    desk = a_paid_order().tell(paid(13_000, "pay_2"))
    assert only_refund(desk) == (RefundKind.DOUBLE_PAYMENT, 13_000, "pay_2")
    assert desk.public.status is OrderStatus.PAYED


def test_a_payment_for_an_order_that_catalog_has_no_stock_for_is_given_back() -> None:
    desk = a_placed_order().catalog_says(rejected()).tell(paid())
    assert only_refund(desk) == (RefundKind.LATE_PAYMENT, 13_000, "pay_1")
    assert desk.public.status is OrderStatus.CANCELED
    assert desk.public.paid_at is None


def test_a_payment_for_an_order_cancelled_before_is_given_back() -> None:
    desk = a_placed_order().tell(cancel(decided=True), paid())
    assert only_refund(desk)[0] is RefundKind.LATE_PAYMENT


def test_a_payment_of_an_order_with_nothing_due_is_given_back() -> None:
    desk = a_placed_order(a_line(amount=0), fee=0).tell(paid(500))
    assert only_refund(desk)[0] is RefundKind.AMOUNT_DIFFERS


def test_units_cancelled_before_payment_are_not_due() -> None:
    desk = a_placed_order(a_line("1", 3, 10_000)).tell(cancel(wanted={"1": 1}, decided=True))
    assert desk.public.amount_due == won(13_000 - 3_333)
    assert desk.public.refunds == ()
    desk.tell(paid(13_000 - 3_333))
    assert desk.public.status is OrderStatus.PAYED


def test_cancelling_all_that_costs_something_pays_the_rest() -> None:
    desk = a_placed_order(a_line("1", 1, 10_000), a_line("2", 1, 500, discount=500), fee=0)
    desk.tell(cancel(wanted={"1": 1}), decided(ClaimDecision.APPROVED))
    assert desk.public.status is OrderStatus.PAYED
    assert desk.event_types[-3:] == ["ClaimApproved", "ClaimCompleted", "OrderPaid"]


def test_a_payment_made_before_a_cancel_and_told_after_it_was_a_sale() -> None:
    desk = a_placed_order(a_line("1", 3, 10_000))
    made = desk.sent(paid(13_000))
    desk.tell(cancel("clm_1", {"1": 1}, decided=True), refunded(claim_id="clm_1"), cancel("clm_2", decided=True))
    assert desk.public.status is OrderStatus.CANCELED
    desk.deliver(made)
    assert desk.public.paid_at == made.time
    assert [(refund.claim_id, refund.amount.amount, refund.status) for refund in desk.public.refunds] == [
        ("clm_1", 3_333, RefundStatus.SETTLED),
        ("clm_2", 9_667, RefundStatus.REQUESTED),
    ]
    assert [claim.refund_id for claim in desk.public.claims] == [refund.refund_id for refund in desk.public.refunds]
    assert (desk.line.cancelled, desk.line.cancelled_unpaid) == (3, 0)
    assert desk.event_types[-4:] == ["OrderPaid", "RefundRequested", "RefundRequested", "RefundSettled"]
    assert desk.public.status is OrderStatus.CANCELED


def test_a_payment_made_between_two_cancels_was_for_the_rest() -> None:
    desk = a_placed_order(a_line("1", 3, 10_000)).tell(cancel("clm_1", {"1": 1}, decided=True))
    made = desk.sent(paid(9_667))
    desk.tell(cancel("clm_2", decided=True)).deliver(made)
    assert [(refund.kind, refund.amount.amount) for refund in desk.public.refunds] == [(RefundKind.CANCEL, 9_667)]
    assert (desk.line.cancelled, desk.line.cancelled_unpaid) == (3, 1)


def test_a_declined_attempt_is_kept_with_its_code() -> None:
    desk = a_placed_order().tell(declined("pay_0"), declined("pay_0"))
    [payment] = desk.public.payments
    assert (payment.status, payment.error_code) == (PaymentStatus.FAILED, "CARD_LIMIT")
    assert desk.event_types == ["OrderPlaced", "PaymentFailed"]
    assert desk.public.status is OrderStatus.PAYMENT_WAITING


def test_an_attempt_declined_and_then_captured_under_the_same_id_pays_the_order() -> None:
    """Many providers keep the id of a payment while its customer tries again."""
    desk = a_placed_order().tell(declined("pay_1"), declined("pay_1", code="EXPIRED"), paid(), declined("pay_1"))
    tried = [(payment.payment_id, payment.status, payment.error_code) for payment in desk.public.payments]
    assert tried == [
        ("pay_1", PaymentStatus.FAILED, "CARD_LIMIT"),
        ("pay_1", PaymentStatus.FAILED, "EXPIRED"),
        ("pay_1", PaymentStatus.CAPTURED, None),
    ]
    assert desk.event_types == ["OrderPlaced", "PaymentFailed", "PaymentFailed", "OrderPaid"]
    assert desk.tell(paid(), paid(12_000)).refused == [("ILLEGAL_MOVE", "payment_id")]


def test_of_many_attempts_the_latest_are_kept_and_the_payment_is_taken() -> None:
    desk = a_placed_order()
    attempts = [desk.sent(declined(f"try_{n}")) for n in range(MAX_FAILED + 9)]
    desk.deliver(*attempts)
    kept = [payment.payment_id for payment in desk.public.payments]
    assert kept == [f"try_{n}" for n in range(9, MAX_FAILED + 9)]
    assert desk.event_types.count("PaymentFailed") == len(attempts)
    desk.deliver(*(replace(attempt, id=f"again-{n}") for n, attempt in enumerate(attempts)))
    assert [payment.payment_id for payment in desk.public.payments] == kept
    assert desk.event_types.count("PaymentFailed") == len(attempts)
    assert desk.tell(paid()).public.status is OrderStatus.PAYED


def test_a_decline_remembered_as_answered_when_each_attempt_had_an_id_of_its_own_hinders_no_capture() -> None:
    desk = a_placed_order().tell(declined("pay_1"))
    remembered = answered(desk.order, "payment", "pay_1", declined("pay_1"))
    desk.documents[ORDER.ref(ID)] |= ORDER.dump(remembered)
    desk.tell(paid(), paid(), declined("pay_1"))
    assert [payment.status for payment in desk.public.payments] == [PaymentStatus.FAILED, PaymentStatus.CAPTURED]
    assert (desk.public.status, desk.parked) == (OrderStatus.PAYED, [])
    assert desk.tell(paid(12_000)).refused == [("ILLEGAL_MOVE", "payment_id")]


def test_an_attempt_declined_before_its_payment_and_told_after_it_is_kept_with_its_code() -> None:
    desk = a_placed_order()
    attempt = desk.sent(declined("pay_1"))
    desk.tell(paid()).deliver(attempt)
    assert [payment.error_code for payment in desk.public.payments] == [None, "CARD_LIMIT"]
    assert (desk.public.status, desk.parked) == (OrderStatus.PAYED, [])
    assert desk.tell(declined("pay_1", code="EXPIRED")).refused == [("ILLEGAL_MOVE", "payment_id")]


@pytest.mark.parametrize(("amount", "currency", "field"), [(0, "KRW", "amount.amount"), (5, "USD", "amount.currency")])
def test_what_is_no_payment_is_refused(amount: int, currency: str, field: str) -> None:
    money = Money(amount=amount, currency=currency)
    desk = a_placed_order().tell(PaymentCaptured(order_id=ID, payment_id="pay_1", amount=money))
    assert desk.refused == [("INVALID", field)]
    assert desk.public.payments == ()
