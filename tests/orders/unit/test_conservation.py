"""Any sequence of messages, legal or not, early, late or repeated, leaves an order whose invariants hold."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.orders.commands import (
    ChangeRecipient,
    ConfirmOrder,
    ConvertToReturn,
    DecidePurchase,
    FinishExchange,
    HoldClaim,
    ReleaseClaim,
    RetryRefund,
)
from services.orders.repository import ORDER
from shared.contracts.base import Message
from shared.contracts.inbox_orders import ClaimDecision, OrdersMessage, Recipient
from shared.contracts.order_state import HoldReason, OrderDiscount, Reason, StockStatus
from shared.runtime.decision import Refusal
from tests.orders.fitting import fitting
from tests.orders.given import (
    BUYER,
    ID,
    SELLER,
    Desk,
    a_line,
    cancel,
    collected,
    decided,
    declined,
    delivered,
    exchange,
    goodwill,
    paid,
    picked_up,
    placed,
    postponed,
    refund_failed,
    refunded,
    rejected,
    replaced,
    reserved,
    sent_back,
    shipped,
    tracked,
    won,
)
from tests.orders.invariants import broken
from tests.support.golden import violations
from tests.support.memory import T0

N = st.sampled_from(range(1, 4))
wanted = st.none() | st.dictionaries(st.sampled_from(["1", "2"]), N, min_size=1)
claim_id = N.map("clm_{}".format)
shipment_id = N.map("shp_{}".format)
refund_id = N.map("rfd_{}".format)
REASONS = [Reason.INTENT_CHANGED, Reason.BROKEN]
OPTIONS = st.sampled_from(["default", "blue", "red"])
charge = st.none() | st.sampled_from([1, 500, 9_000]).map(won)
small = st.sampled_from([0, 1, 333, 3_000])
COUPON = (OrderDiscount(code="COUPON", amount=won(999)),)
SUBMITTED = placed(a_line("1", 3, 10_000, discount=1_000), a_line("2", 2, 999), fee=3_000, discounts=COUPON)
A_WHILE = 60
"""Hours in which nobody says anything: enough for two deadlines, not for all."""
DUE = [12_000, 12_000 - 2_700, 12_000 - 449, 1, 12_000 - 5_400 - 449]

told: st.SearchStrategy[OrdersMessage] = st.one_of(
    st.just(SUBMITTED),
    st.builds(lambda amount, n: paid(amount, f"pay_{n}"), st.sampled_from(DUE), N),
    st.builds(lambda n: declined(f"pay_{n}"), N),
    st.builds(shipped, shipment_id, wanted),
    st.builds(delivered, shipment_id),
    st.builds(tracked, st.sampled_from(["T-1", "T-2"]), shipment_id),
    st.builds(lambda n: postponed(T0 + timedelta(days=n)), N),
    st.builds(cancel, claim_id, wanted, decided=st.booleans()),
    st.builds(sent_back, claim_id, wanted, reason=st.sampled_from(REASONS), decided=st.booleans()),
    st.builds(lambda id, n, target: exchange(id, {"1": n}, target), claim_id, N, OPTIONS),
    st.builds(replaced, claim_id, shipment_id),
    st.builds(picked_up, claim_id),
    st.builds(collected, claim_id, st.none() | st.just({"1": (1, 1)})),
    st.builds(decided, st.sampled_from(ClaimDecision), claim_id, waive_pickup=st.booleans()),
    st.builds(goodwill, refund_id, st.dictionaries(st.sampled_from(["1", "2"]), small), small),
    st.builds(lambda id: refunded(claim_id=id), claim_id),
    st.builds(lambda id: refunded(refund_id=id), refund_id),
    st.builds(lambda id: refund_failed(claim_id=id), claim_id),
    st.builds(lambda id: refund_failed(refund_id=id), refund_id),
)
asked: st.SearchStrategy[OrdersMessage] = st.one_of(
    st.just(ConfirmOrder(order_id=ID)),
    st.just(DecidePurchase(order_id=ID)),
    st.builds(
        lambda where: ChangeRecipient(order_id=ID, recipient=Recipient(name="Hong Gildong", address=where)),
        st.sampled_from(["Jong-ro 1", "Sejong-daero 1"]),
    ),
    st.builds(shipped, shipment_id, wanted, withdraw=st.booleans()),
    st.builds(cancel, claim_id, wanted),
    st.builds(sent_back, claim_id, wanted, reason=st.sampled_from(REASONS)),
    st.builds(decided, st.sampled_from(ClaimDecision), claim_id),
    st.builds(lambda id, due: HoldClaim(order_id=ID, claim_id=id, reason=HoldReason.ETC, charge=due), claim_id, charge),
    st.builds(lambda id, ok: ReleaseClaim(order_id=ID, claim_id=id, charge_settled=ok), claim_id, st.booleans()),
    st.builds(lambda id: ConvertToReturn(order_id=ID, claim_id=id), claim_id),
    st.builds(lambda id: FinishExchange(order_id=ID, claim_id=id), claim_id),
    st.builds(lambda id: RetryRefund(order_id=ID, refund_id=id), refund_id),
)
Step = tuple[str, Message]
PAID: list[Step] = [("told", SUBMITTED), ("told", paid(DUE[0]))]
SENT: list[Step] = [*PAID, ("catalog", reserved()), ("told", shipped("shp_0")), ("told", delivered("shp_0"))]
lived = st.sampled_from([[], PAID[:1], PAID, SENT])
"""What happened before: a random walk alone seldom comes as far as goods that are sent back."""
step: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("told"), told),
    st.tuples(st.just("told late"), told),
    st.tuples(st.just("asked"), asked),
    st.tuples(st.just("nothing"), st.just(SUBMITTED)),
    st.tuples(st.just("catalog"), st.sampled_from([reserved(), rejected()])),
    st.tuples(st.just("catalog"), claim_id.map(lambda id: reserved(claim_id=id))),
    st.tuples(st.just("catalog"), claim_id.map(lambda id: rejected(claim_id=id))),
)


any_number = st.integers(0, 99)


@settings(max_examples=75, deadline=None)
@given(life=lived, choices=st.lists(st.tuples(any_number, any_number), min_size=5, max_size=30))
def test_whatever_is_allowed_happens_and_the_invariants_hold(life: list[Step], choices: list[tuple[int, int]]) -> None:
    """An order's allowed actions lead it through its whole life; what is listed as allowed is never refused."""
    desk = Desk()
    for how, message in life or PAID:
        take(desk, how, message)
    for number, (chosen, detail) in enumerate(choices):
        for claim in desk.public.claims:
            if claim.replacement_stock is StockStatus.PENDING:
                desk.catalog_says(reserved(claim_id=claim.claim_id))
        found = fitting(desk.public, chosen, 100 * number + detail)
        if found is None:
            return
        published = len(desk.events)
        desk.ask(found[1], found[0])
        assert len(desk.events) > published
        assert broken(desk.public) == []


def take(desk: Desk, how: str, message: Any) -> None:
    before, published = desk.state(ORDER, ID), len(desk.records)
    if how == "told":
        desk.tell(message)
    elif how == "told late":
        desk.deliver(replace(desk.sent(message), time=T0))
    elif how == "catalog":
        desk.catalog_says(message)
    elif how == "nothing":
        desk.wait(A_WHILE)
    else:
        try:
            desk.ask(message, BUYER if isinstance(message, DecidePurchase) else SELLER)
        except Refusal:
            assert desk.state(ORDER, ID) == before
    changed = desk.state(ORDER, ID) != before
    assert changed == any(r.topic == "orders.events" for r in desk.records[published:])


@settings(max_examples=150, deadline=None)
@given(life=lived, steps=st.lists(step, max_size=25))
def test_the_invariants_hold_after_every_step(life: list[Step], steps: list[Step]) -> None:
    desk = Desk()
    for how, message in life + steps:
        take(desk, how, message)
        order = desk.state(ORDER, ID)
        assert order is None or broken(order.state) == []
    assert not [parked for parked in desk.parked if parked.fault.error not in ("ILLEGAL_MOVE", "INVALID")]
    assert [envelope.sequence for envelope in desk.events] == list(range(1, len(desk.events) + 1))


@settings(max_examples=25, deadline=None)
@given(life=lived, steps=st.lists(step, max_size=15))
def test_every_event_validates_and_carries_the_whole_state(life: list[Step], steps: list[Step]) -> None:
    desk = Desk()
    for how, message in life + steps:
        take(desk, how, message)
    for envelope in desk.events:
        assert violations(envelope.type, json.loads(envelope.data)) == []


@settings(max_examples=50, deadline=None)
@given(life=lived.filter(bool), steps=st.lists(step, max_size=15))
def test_everything_told_twice_is_everything_told_once(life: list[Step], steps: list[Step]) -> None:
    once, twice = Desk(), Desk()
    for how, message in life + steps:
        take(once, how, message)
        for _ in range(2):
            twice.hours = once.hours - (A_WHILE if how == "nothing" else 1)
            take(twice, how, message)
    assert once.order == twice.order
    assert once.event_types == twice.event_types
