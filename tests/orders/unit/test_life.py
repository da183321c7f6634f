"""An order's life as a state machine: whatever comes, early, late, twice or never legal, the invariants hold."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from services.orders.domain.moves import Move
from services.orders.domain.order import Order
from services.orders.repository import ORDER
from shared.contracts.catalog import StockRejected, StockReserved
from shared.contracts.envelope import Envelope, decode
from shared.contracts.inbox_orders import OrdersMessage
from shared.contracts.order_state import OrderState, Reason, StockStatus
from shared.runtime.decision import Refusal
from tests.orders.anything import DUE, SUBMITTED, N, answered, asked, new_claim, options, told
from tests.orders.books import Books
from tests.orders.fitting import ATTEMPTS, Attempt, fitting, move_of, open_moves
from tests.orders.given import (
    BUYER,
    ID,
    SELLER,
    Desk,
    cancel,
    collected,
    delivered,
    exchange,
    goodwill,
    paid,
    picked_up,
    refund_failed,
    replaced,
    resent,
    reserved,
    sent_back,
    shipped,
)
from tests.orders.invariants import broken
from tests.orders.money import withheld
from tests.support.golden import violations
from tests.support.memory import T0

walks = st.lists(st.integers(0, 9_999), max_size=20)
attempts = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(ATTEMPTS)), max_size=9)
A_WHILE = 60
"""Hours in which nobody says anything: enough for two deadlines, not for all."""
PAID: list[OrdersMessage] = [SUBMITTED, paid(DUE[0])]
REFUND_FAILED = [*PAID, goodwill("rfd_0", {"1": 5_000}), refund_failed(refund_id="rfd_0")]
CANCEL_FAILED = [*REFUND_FAILED, cancel("clm_0", {"1": 2}, decided=True), refund_failed(claim_id="clm_0")]
SENT = [*PAID, shipped("shp_0"), delivered("shp_0")]
BACK = [*SENT, exchange("clm_0", {"1": 2}), picked_up("clm_0"), collected("clm_0")]
RESENT = [*BACK, replaced("clm_0", "shp_7")]
LIVES = [[], PAID[:1], PAID, REFUND_FAILED, CANCEL_FAILED, SENT, BACK[:-1], BACK, RESENT]
"""What happened before: a random walk alone seldom comes as far as goods that are sent back."""


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.taken = Counter[str]()
        self.desk = Desk(delay_within_days=3650)
        self.heard: list[Envelope] = []
        self.effective: list[Envelope] = []
        self.known: Order | None = None
        self.books = Books()
        self.published = self.events = 0
        self.open: Mapping[str, list[str]] = {}

    @property
    def order(self) -> Order | None:
        return self.desk.state(ORDER, ID)

    @property
    def state(self) -> OrderState:
        """Before the rule that runs."""
        assert self.known is not None
        return self.known.state

    @initialize(life=st.sampled_from(LIVES), walk=walks)
    def has_come_so_far(self, life: list[OrdersMessage], walk: list[int]) -> None:
        for message in life:
            self.hear(self.desk.sent(message))
        if life:
            self.hear_of_stock(reserved())
        self.look()
        self.what_is_allowed_happens(walk)

    @precondition(lambda self: self.open)
    @rule(walk=walks)
    def what_is_allowed_happens(self, walk: list[int]) -> None:
        """It is never refused, and something comes of it."""
        for step in walk:
            if self.wanting_goods:
                self.catalog_has_what_an_exchange_wants()
            elif self.open:
                who, what = divmod(step, len(self.open))
                move, actors = [*self.open.items()][what]
                self.make(move, actors[who % len(actors)], 10_000 * self.events + step)
            self.look()

    @precondition(lambda self: self.known)
    @rule(messages=st.lists(asked, min_size=3, max_size=9), actor=st.sampled_from([SELLER, BUYER]))
    def what_is_not_allowed_changes_nothing(self, messages: list[OrdersMessage], actor: str) -> None:
        for message in messages:
            allowed = actor in self.open.get(move_of(message, self.state), ())
            refusal = self.ask(message, actor)
            assert self.order == self.known or (allowed and refusal is None)
            self.look()

    @rule(messages=st.lists(told, min_size=1, max_size=5), long_ago=st.booleans())
    def others_tell(self, messages: list[OrdersMessage], *, long_ago: bool) -> None:
        for message in messages:
            sent = self.desk.sent(message)
            self.hear(replace(sent, time=T0) if long_ago else sent)
            self.look()

    @precondition(lambda self: self.heard)
    @rule(data=st.data())
    def a_message_comes_again(self, data: st.DataObject) -> None:
        self.desk.deliver(data.draw(st.sampled_from(self.heard)))
        assert self.order == self.known

    @precondition(lambda self: self.effective)
    @rule(data=st.data())
    def a_sender_says_again_later_what_it_said(self, data: st.DataObject) -> None:
        parked = len(self.desk.parked)
        self.desk.deliver(resent(data.draw(st.sampled_from(self.effective)), self.events))
        assert (self.order, len(self.desk.parked)) == (self.known, parked)

    @precondition(lambda self: self.known and self.state.refunds)
    @rule(attempts=attempts)
    def refunds_are_attempted(self, attempts: list[tuple[int, Attempt]]) -> None:
        for which, attempt in attempts:
            refund = self.state.refunds[which % len(self.state.refunds)]
            self.ask(attempt(self.state, refund.refund_id), SELLER)
            self.look()

    @precondition(lambda self: "request_return" in self.open)
    @rule(claims=st.lists(st.tuples(new_claim, N, options), max_size=5))
    def units_of_any_option_are_asked_back(self, claims: list[tuple[str, int, str]]) -> None:
        for claim_id, quantity, option in claims:
            self.ask(sent_back(claim_id, {"1": quantity}, option, reason=Reason.BROKEN), SELLER)
            self.look()

    @rule(answer=answered)
    def catalog_answers(self, answer: StockReserved | StockRejected) -> None:
        self.hear_of_stock(answer)

    @precondition(lambda self: self.wanting_goods)
    @rule()
    def catalog_has_what_an_exchange_wants(self) -> None:
        self.hear_of_stock(reserved(claim_id=self.wanting_goods[0]))

    @rule()
    def time_passes(self) -> None:
        self.wait()

    @invariant()
    def look(self) -> None:
        """It changes with events alone, of which the last one carries the whole state, and its invariants hold.

        What its events told whoever pays is what its refunds say.
        """
        new = [decode(r.key, r.value, r.headers) for r in self.desk.records[self.published :]]
        events = [envelope for envelope in new if envelope.sequence is not None]
        order, first = self.order, self.events + 1
        assert (order != self.known) == bool(events)
        assert [envelope.sequence for envelope in events] == [*range(first, first + len(events))]
        if events:
            told = [json.loads(envelope.data) for envelope in events]
            states = [OrderState.model_validate(event["order"]) for event in told]
            assert states[-1] == (order and order.state)
            for envelope, event in zip(events, told, strict=True):
                self.books.enter(envelope.type, event)
            steps = pairwise([self.state, *states] if self.known else states)
            assert [wrong for before, after in steps for wrong in withheld(before, after)] == []
        assert order is None or broken(order.state) == []
        assert self.books.are_of(order.state.refunds if order else ())
        self.published, self.events = len(self.desk.records), self.events + len(events)
        self.known, self.open = order, open_moves(order.state) if order else {}

    @invariant()
    def only_what_cannot_be_is_parked(self) -> None:
        assert {parked.fault.error for parked in self.desk.parked} <= {"ILLEGAL_MOVE", "INVALID"}

    def teardown(self) -> None:
        for envelope in self.desk.events[-2:]:
            assert violations(envelope.type, json.loads(envelope.data)) == []

    @property
    def wanting_goods(self) -> list[str]:
        claims = self.known.state.claims if self.known else ()
        asking = [claim for claim in claims if claim.closed_at is None and claim.replacement is None]
        return [claim.claim_id for claim in asking if claim.replacement_stock is StockStatus.PENDING]

    def hear(self, envelope: Envelope) -> None:
        before = self.order
        self.heard.append(envelope)
        self.desk.deliver(envelope)
        if self.order != before:
            self.effective.append(envelope)

    def hear_of_stock(self, answer: StockReserved | StockRejected) -> None:
        self.desk.catalog_says(answer)

    def wait(self) -> None:
        self.desk.wait(A_WHILE)

    def ask(self, message: OrdersMessage, actor: str) -> Refusal | None:
        return _asked(self.desk, message, actor)

    def make(self, move: str, actor: str, detail: int) -> None:
        message = fitting(self.state, actor, move, detail)
        assert self.ask(message, actor) is None
        assert len(self.desk.records) > self.published
        self.taken[move] += 1


class LifeTwice(Life):
    """Beside an order lives another one to which everything happens twice, and it ends the same."""

    def __init__(self) -> None:
        super().__init__()
        self.twice = Desk(delay_within_days=3650)

    @invariant()
    def what_happens_twice_happens_once(self) -> None:
        assert self.twice.state(ORDER, ID) == self.order
        assert self.twice.event_types == self.desk.event_types

    def hear(self, envelope: Envelope) -> None:
        """The message comes again, and its sender sends another one that says the same."""
        super().hear(envelope)
        for copy in (envelope, envelope, resent(envelope)):
            self.twice.deliver(copy)

    def hear_of_stock(self, answer: StockReserved | StockRejected) -> None:
        super().hear_of_stock(answer)
        for _ in range(2):
            self.at_that_hour().catalog_says(answer)

    def wait(self) -> None:
        super().wait()
        for _ in range(2):
            self.twice.hours = self.desk.hours
            self.twice.wait(0)

    def ask(self, message: OrdersMessage, actor: str) -> Refusal | None:
        refusal = super().ask(message, actor)
        for _ in range(2):
            _asked(self.at_that_hour(), message, actor)
        return refusal

    def at_that_hour(self) -> Desk:
        self.twice.hours = self.desk.hours - 1
        return self.twice


def _asked(desk: Desk, message: OrdersMessage, actor: str) -> Refusal | None:
    try:
        desk.ask(message, actor)
    except Refusal as refusal:
        return refusal
    return None


TestLife, TestLifeTwice = Life.TestCase, LifeTwice.TestCase
TestLife.settings = settings(max_examples=100, stateful_step_count=15)
TestLifeTwice.settings = settings(max_examples=20, stateful_step_count=10)


def test_a_walk_through_what_is_allowed_makes_every_move() -> None:
    """So that no rule of a life is empty: by chance alone, with chance's seeds written here."""
    taken = Counter[str]()
    for seed in range(8):
        chance = Random(seed)
        for so_far in LIVES:
            life = Life()
            life.has_come_so_far(so_far, [chance.randrange(10_000) for _ in range(20)])
            taken += life.taken
    assert [move for move in Move if not taken[move]] == []
