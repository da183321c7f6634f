from services.inquiries.domain.order_card import Standing, standing
from services.inquiries.repository import INQUIRY, ORDER_CARD, PRODUCT_CARD
from shared.contracts.catalog import ProductStatus, ProductUpdated, StockChanged
from shared.contracts.order_state import (
    Claim,
    ClaimLine,
    ClaimStatus,
    ClaimType,
    OrderStatus,
    Payment,
    PaymentStatus,
    Reason,
    Refund,
    RefundKind,
    RefundStatus,
)
from shared.contracts.orders import ClaimRequested, OrderCancelled, PaymentFailed, RefundRequested
from tests.inquiries.given import (
    INQUIRY_ID,
    ORDER_ID,
    a_desk,
    a_product,
    an_open_ticket,
    an_order,
    paid,
    placed,
    shipped,
    told,
    won,
)
from tests.support.memory import T0, event_envelope


def test_the_card_is_the_newest_state_with_its_time() -> None:
    desk = a_desk()
    desk.deliver(placed(), paid())
    card = desk.state(ORDER_CARD, ORDER_ID)
    assert card is not None
    assert card.order == an_order(OrderStatus.PAYED)
    assert (card.sequence, card.as_of) == (2, paid().time)


def test_a_late_event_adds_its_line_and_leaves_the_card() -> None:
    desk = a_desk()
    desk.deliver(shipped())
    desk.deliver(placed())
    card = desk.state(ORDER_CARD, ORDER_ID)
    assert card is not None
    assert (card.sequence, card.order and card.order.status) == (3, OrderStatus.DELIVERING)
    assert sorted(desk.rows["order_timeline"]) == [f"{ORDER_ID}/000000001", f"{ORDER_ID}/000000003"]


def test_a_line_states_what_happened_when() -> None:
    desk = a_desk()
    desk.deliver(shipped())
    assert desk.rows["order_timeline"][f"{ORDER_ID}/000000003"] == {
        "order_id": ORDER_ID,
        "sequence": 3,
        "type": "OrderShipped",
        "occurred_at": shipped().time,
        "facts": {
            "status": "DELIVERING",
            "shipment_id": "shp_1",
            "carrier": "CJGLS",
            "tracking_no": "1234-5678",
        },
    }


def test_lines_of_payments_claims_refunds_and_cancellations_carry_their_codes() -> None:
    units = (ClaimLine(line_id="1", quantity=1),)
    payment = Payment(payment_id="pay_1", amount=won(23_000), status=PaymentStatus.FAILED, error_code="51", at=T0)
    claim = Claim(
        claim_id="clm_1",
        type=ClaimType.CANCEL,
        status=ClaimStatus.CANCEL_REQUEST,
        lines=units,
        reason=Reason.INTENT_CHANGED,
        requested_at=T0,
    )
    refund = Refund(
        refund_id="ref_1",
        kind=RefundKind.CANCEL,
        reason="INTENT_CHANGED",
        status=RefundStatus.REQUESTED,
        amount=won(10_000),
        shipping_amount=won(0),
        requested_at=T0,
    )
    order = an_order(OrderStatus.PAYED)
    desk = a_desk()
    desk.deliver(
        told(PaymentFailed(order=order, payment=payment), 1),
        told(ClaimRequested(order=order, claim=claim), 2),
        told(RefundRequested(order=order, refund=refund), 3),
        told(OrderCancelled(order=order, lines=units, reason=Reason.SOLD_OUT, detail="UNKNOWN_PRODUCT"), 4),
    )
    status, amount = {"status": "PAYED"}, {"amount": 10_000, "currency": "KRW"}
    assert [line["facts"] for line in desk.rows["order_timeline"].values()] == [
        {**status, "amount": {"amount": 23_000, "currency": "KRW"}, "error": "51"},
        {**status, "claim": "CANCEL", "claim_status": "CANCEL_REQUEST", "reason": "INTENT_CHANGED"},
        {**status, "refund": "CANCEL", "refund_status": "REQUESTED", "amount": amount},
        {**status, "reason": "SOLD_OUT", "detail": "UNKNOWN_PRODUCT"},
    ]


def test_an_order_event_leaves_a_ticket_that_does_not_wait() -> None:
    desk = an_open_ticket(a_desk())
    before = desk.stored(INQUIRY, INQUIRY_ID)
    desk.deliver(placed(), paid(), shipped())
    assert desk.stored(INQUIRY, INQUIRY_ID) == before


def test_only_the_customers_own_order_is_shown() -> None:
    ticket = an_open_ticket(a_desk()).state(INQUIRY, INQUIRY_ID)
    assert ticket is not None
    order = an_order()
    assert standing(ticket, None) is Standing.NOT_SEEN
    assert standing(ticket, order) is Standing.SHOWN
    assert standing(ticket, order.model_copy(update={"customer_id": "cus_2"})) is Standing.MISMATCH
    assert standing(ticket, order.model_copy(update={"customer_id": None})) is Standing.UNVERIFIED
    assert standing(ticket.changed(customer_id=None), order) is Standing.UNVERIFIED
    assert standing(ticket.changed(order_id=None), order) is Standing.NO_ORDER


def test_the_product_card_keeps_what_a_ticket_shows() -> None:
    desk = a_desk()
    desk.deliver(event_envelope(StockChanged(product=a_product(), option_ids=("default",)), "prd_1", 4))
    card = desk.state(PRODUCT_CARD, "prd_1")
    assert card is not None
    assert (card.name, card.status, card.list_price) == ("Mug", ProductStatus.ON_SALE, won(10_000))
    assert [(option.option_id, option.available) for option in card.options] == [("default", 5)]
    assert "description" not in PRODUCT_CARD.dump(card)


def test_an_older_product_event_leaves_the_card() -> None:
    desk = a_desk()
    for name, sequence in [("New", 5), ("Old", 4)]:
        desk.deliver(event_envelope(ProductUpdated(product=a_product(name=name), fields=("name",)), "prd_1", sequence))
    card = desk.state(PRODUCT_CARD, "prd_1")
    assert card is not None
    assert (card.name, card.sequence) == ("New", 5)
