"""Every move in every state: applied, nothing new, too early (held), or never legal from there."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

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
from services.orders.domain.moves import allowed_actions
from services.orders.repository import ORDER
from shared.contracts.base import Message
from shared.contracts.envelope import Envelope
from shared.contracts.inbox_orders import ClaimDecision, OrdersMessage, Recipient
from shared.contracts.order_state import HoldReason, Reason
from shared.runtime.decision import IllegalMove, NotYet
from tests.orders.given import (
    BUYER,
    ID,
    SELLER,
    Desk,
    a_delivered_order,
    a_line,
    a_paid_order,
    a_placed_order,
    an_exchange_to_send,
    an_order_to_ship,
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
from tests.support.memory import T0, event_envelope

TWO = (a_line("1", 2, 10_000), a_line("2", 1, 500))


def a_confirmed_order() -> Desk:
    desk = an_order_to_ship(*TWO)
    desk.ask(ConfirmOrder(order_id=ID))
    return desk


def a_failed_refund() -> Desk:
    return an_order_to_ship(*TWO).tell(goodwill("rfd_1", {"1": 100}), refund_failed(refund_id="rfd_1"))


def a_decided_order() -> Desk:
    return an_order_to_ship(*TWO).tell(shipped("shp_0"), delivered("shp_0")).wait(9 * 24)


HOLD = HoldClaim(order_id=ID, claim_id="clm_0", reason=HoldReason.RETURN_FEE, charge=won(100))


def a_held_return() -> Desk:
    desk = a_delivered_order(*TWO).tell(sent_back("clm_0"), picked_up("clm_0"), collected("clm_0"))
    desk.ask(HOLD)
    return desk


STATES: dict[str, Callable[[], Desk]] = {
    "none": Desk,
    "waiting": lambda: a_placed_order(*TWO),
    "paid": lambda: a_paid_order(*TWO),
    "to ship": lambda: an_order_to_ship(*TWO),
    "confirmed": a_confirmed_order,
    "request": lambda: an_order_to_ship(*TWO).tell(cancel("clm_0")),
    "partly": lambda: an_order_to_ship(*TWO).tell(shipped("shp_0", {"1": 1})),
    "shipped": lambda: an_order_to_ship(*TWO).tell(shipped("shp_0")),
    "arrived": lambda: an_order_to_ship(*TWO).tell(shipped("shp_0"), delivered("shp_0")),
    "decided": a_decided_order,
    "back?": lambda: a_delivered_order(*TWO).tell(sent_back("clm_0")),
    "coming": lambda: a_delivered_order(*TWO).tell(sent_back("clm_0"), picked_up("clm_0")),
    "collected": lambda: a_delivered_order(*TWO).tell(sent_back("clm_0"), picked_up("clm_0"), collected("clm_0")),
    "on hold": a_held_return,
    "returned": lambda: a_delivered_order(*TWO).tell(sent_back("clm_0", decided=True)),
    "swap?": lambda: a_delivered_order(*TWO).tell(exchange("clm_0")),
    "to resend": lambda: an_exchange_to_send(*TWO),
    "resent": lambda: an_exchange_to_send(*TWO).tell(replaced("clm_0")),
    "swapped": lambda: an_exchange_to_send(*TWO).tell(replaced("clm_0", "shp_8"), delivered("shp_8")),
    "expired": lambda: a_placed_order(*TWO).wait(25),
    "unpaid ✗": lambda: a_placed_order(*TWO).tell(cancel("clm_0", decided=True)),
    "paid ✗": lambda: an_order_to_ship(*TWO).tell(cancel("clm_0", decided=True)),
    "refund ✗": a_failed_refund,
}


APPROVE, REJECT, WITHDRAW = (
    decided(decision, "clm_0") for decision in (ClaimDecision.APPROVED, ClaimDecision.REJECTED, ClaimDecision.WITHDRAWN)
)
ELSEWHERE = Recipient(name="Hong Gildong", address="Sejong-daero 1")
MOVES: dict[str, tuple[str, Message]] = {
    "place": ("system", placed(*TWO)),
    "pay": ("system", paid(13_500, "pay_9")),
    "decline": ("system", declined("pay_9")),
    "reserve": ("catalog", reserved()),
    "refuse stock": ("catalog", rejected()),
    "confirm": ("seller", ConfirmOrder(order_id=ID)),
    "delay": ("seller", postponed(T0 + timedelta(days=30))),
    "readdress": ("buyer", ChangeRecipient(order_id=ID, recipient=ELSEWHERE)),
    "ship": ("seller", shipped("shp_9")),
    "hand over": ("system", shipped("shp_9")),
    "correct": ("system", tracked("T-9", "shp_0")),
    "deliver": ("system", delivered("shp_0")),
    "correct swap": ("system", tracked("T-7", "shp_9")),
    "deliver swap": ("system", delivered("shp_9")),
    "decide": ("buyer", DecidePurchase(order_id=ID)),
    "request": ("buyer", cancel("clm_9")),
    "cancel": ("system", cancel("clm_9", decided=True)),
    "send back": ("buyer", sent_back("clm_9", reason=Reason.BROKEN)),
    "send two back": ("buyer", sent_back("clm_9", {"1": 2}, reason=Reason.BROKEN)),
    "returned": ("system", sent_back("clm_9", decided=True)),
    "pick up": ("system", picked_up("clm_0")),
    "pick up anew": ("system", picked_up("clm_0", "R-2")),
    "collect": ("system", collected("clm_0")),
    "exchange": ("buyer", exchange("clm_9", reason=Reason.BROKEN)),
    "replace": ("seller", replaced("clm_0", "shp_9")),
    "finish": ("seller", FinishExchange(order_id=ID, claim_id="clm_0")),
    "convert": ("seller", ConvertToReturn(order_id=ID, claim_id="clm_0")),
    "hold": ("seller", HOLD),
    "release": ("seller", ReleaseClaim(order_id=ID, claim_id="clm_0")),
    "approve": ("seller", APPROVE),
    "reject": ("seller", REJECT),
    "withdraw": ("buyer", WITHDRAW),
    "goodwill": ("seller", goodwill("rfd_9", {"1": 1})),
    "refunded": ("system", refunded(claim_id="clm_0")),
    "declined": ("system", refund_failed(claim_id="clm_0")),
    "retry": ("seller", RetryRefund(order_id=ID, refund_id="rfd_1")),
}

# · applied   = nothing new   h too early   x never legal from here
EXPECTED = Path(__file__).with_name("moves_in_states.txt").read_text(encoding="utf-8")


def expectations() -> list[tuple[str, str, str]]:
    _, *rows = EXPECTED.splitlines()
    table = [row.split() for row in rows]
    return [
        (move.replace("_", " "), state, outcome)
        for move, *outcomes in table
        for state, outcome in zip(STATES, outcomes, strict=True)
    ]


def outcome_of(desk: Desk, teller: str, message: Message) -> str:
    before, published = desk.state(ORDER, ID), len(desk.records)
    try:
        if teller == "catalog":
            desk.deliver(from_catalog(desk, message))
        elif teller == "system":
            desk.deliver(desk.sent(message))
        else:
            desk.command(message, ID, f"{teller}:1", at=T0 + timedelta(days=20))
    except NotYet:
        return "h"
    except IllegalMove:
        return "x"
    if desk.parked:
        return "x"
    if desk.held:
        return "h"
    assert (desk.state(ORDER, ID) != before) == (len(desk.records) > published), (
        "an order changes with an event, or not at all"
    )
    return "·" if len(desk.records) > published else "="


def from_catalog(desk: Desk, message: Message) -> Envelope:
    return event_envelope(message, ID, desk.heard + 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(("move", "state", "outcome"), expectations())
def test_a_move_in_a_state(move: str, state: str, outcome: str) -> None:
    desk = STATES[state]()
    teller, message = MOVES[move]
    assert outcome_of(desk, teller, message) == outcome


def test_the_table_names_every_move_and_state() -> None:
    assert {move for move, _, _ in expectations()} == set(MOVES)
    assert EXPECTED.split("\n")[0].split() == [name.replace(" ", "_").replace("_✗", "✗") for name in STATES]


CLAIM_THE_REST = "request_return request_exchange"
SWAP_ASKED = f"{CLAIM_THE_REST} start_pickup hold_claim reject_exchange withdraw_exchange convert_to_return refund"
SWAP_BACK = f"{CLAIM_THE_REST} hold_claim send_replacement reject_exchange convert_to_return refund"


@pytest.mark.parametrize(
    ("state", "actor", "allowed"),
    [
        ("waiting", SELLER, "pay change_recipient request_cancel"),
        ("paid", SELLER, "delay change_recipient request_cancel refund"),
        ("paid", "system:/carrier", "delay ship request_cancel refund"),
        ("to ship", SELLER, "confirm delay change_recipient ship request_cancel refund"),
        ("confirmed", SELLER, "delay change_recipient ship request_cancel refund"),
        ("confirmed", "agent:1", "delay change_recipient ship request_cancel refund"),
        ("confirmed", BUYER, "change_recipient request_cancel"),
        ("confirmed", "bot:1", ""),
        ("request", SELLER, "change_recipient ship approve_cancel reject_cancel withdraw_cancel refund"),
        ("request", BUYER, "change_recipient withdraw_cancel"),
        (
            "partly",
            SELLER,
            "confirm delay ship correct_tracking deliver request_cancel request_return request_exchange refund",
        ),
        ("shipped", SELLER, "correct_tracking deliver request_return request_exchange refund"),
        ("arrived", SELLER, "request_return request_exchange refund"),
        ("unpaid ✗", SELLER, ""),
        ("paid ✗", SELLER, "answer_refund"),
        ("arrived", BUYER, "decide_purchase request_return request_exchange"),
        ("decided", BUYER, ""),
        ("back?", BUYER, "withdraw_return"),
        ("back?", SELLER, "start_pickup hold_claim approve_return reject_return withdraw_return refund"),
        ("coming", SELLER, "start_pickup collect hold_claim approve_return reject_return withdraw_return refund"),
        ("collected", SELLER, "hold_claim approve_return reject_return refund"),
        ("on hold", SELLER, "release_claim reject_return refund"),
        ("swap?", SELLER, SWAP_ASKED),
        ("to resend", SELLER, SWAP_BACK),
        ("resent", SELLER, "correct_tracking deliver request_return request_exchange finish_exchange refund"),
        ("swapped", BUYER, "decide_purchase request_return request_exchange"),
        ("returned", SELLER, "refund answer_refund"),
        ("expired", SELLER, ""),
        ("refund ✗", SELLER, "confirm delay change_recipient ship request_cancel refund retry_refund"),
    ],
)
def test_what_an_actor_may_do(state: str, actor: str, allowed: str) -> None:
    assert " ".join(allowed_actions(STATES[state]().public, actor.partition(":")[0])) == allowed


def test_a_refusal_names_what_is_allowed_instead() -> None:
    with pytest.raises(IllegalMove) as refused:
        STATES["shipped"]().ask(cancel("clm_9"))
    assert refused.value.allowed == ("correct_tracking", "deliver", "request_return", "request_exchange", "refund")


def test_an_order_nobody_knows_is_unknown() -> None:
    moves = [message for teller, message in MOVES.values() if teller == "seller"]
    for message in moves:
        assert isinstance(message, OrdersMessage)
        with pytest.raises(NotYet, match="order ord_1 is not known"):
            Desk().command(message, ID)
