"""Exchanges of an order: another option is kept for it, leaves, and what came back is on its own shelf again."""

from typing import Any

import pytest

from services.catalog.handlers import TABLE
from services.catalog.repository import PRODUCT, RESERVATION
from shared.contracts.catalog import ReservationStatus, ShortageCode
from shared.contracts.order_state import Claim, ClaimLine, ClaimStatus, ClaimType
from shared.contracts.orders import ClaimRequested
from tests.catalog.builders import NOW, PARCEL, SETTINGS, a_line, a_submission, an_exchange, an_order
from tests.support.memory import MemoryRuntime, event_envelope


class Shelves:
    """A tee in red and blue; two red ones were ordered, and sent, be they there or not."""

    def __init__(self, blue: int = 5, red: int = 10, *, shipped: int = 2) -> None:
        self.catalog = MemoryRuntime("catalog", TABLE, [PRODUCT, RESERVATION], SETTINGS)
        self.catalog.deliver(a_submission("tee", stock={"red": red, "blue": blue}))
        self.told = 0
        self.line = a_line(ordered=2, option_id="red")
        self.tell()
        self.tell(shipped=shipped)

    def tell(self, *claims: Claim, **counters: int) -> "Shelves":
        self.line = self.line.model_copy(update=counters)
        order = an_order(self.line, claims=claims)
        event = ClaimRequested(order=order, claim=claims[-1] if claims else an_exchange())
        self.told += 1
        self.catalog.deliver(event_envelope(event, order.order_id, self.told))
        return self

    @property
    def stock(self) -> dict[str, tuple[int, int]]:
        tee = self.catalog.state(PRODUCT, "tee")
        assert tee is not None
        return {option.option_id: (option.on_hand, option.reserved) for option in tee.options}

    @property
    def answers(self) -> list[str]:
        names = [type for type in self.catalog.event_types if type in ("StockReserved", "StockRejected")]
        return names[1:]


def an_ended_exchange(status: ClaimStatus, **fields: Any) -> Claim:
    return an_exchange(status=status, closed_at=NOW, **fields)


def test_a_replacement_is_kept_leaves_and_what_came_back_is_on_its_shelf_again() -> None:
    shelves = Shelves()
    assert shelves.stock == {"red": (8, 0), "blue": (5, 0)}
    shelves.tell(an_exchange())
    assert (shelves.stock["blue"], shelves.answers) == ((5, 1), ["StockReserved"])
    shelves.tell(an_exchange(status=ClaimStatus.EXCHANGE_REDELIVERING, replacement=PARCEL))
    assert shelves.stock["blue"] == (4, 0)
    shelves.tell(an_ended_exchange(ClaimStatus.EXCHANGE_DONE, replacement=PARCEL))
    assert shelves.stock == {"red": (9, 0), "blue": (4, 0)}
    assert shelves.answers == ["StockReserved"]


@pytest.mark.parametrize("end", [ClaimStatus.EXCHANGE_REJECT, ClaimStatus.WITHDRAWN])
def test_what_an_exchange_that_came_to_nothing_kept_is_given_back(end: ClaimStatus) -> None:
    assert Shelves().tell(an_exchange()).tell(an_ended_exchange(end)).stock == {"red": (8, 0), "blue": (5, 0)}


def test_an_exchange_that_became_a_return_gives_its_replacement_back_and_restocks_what_came() -> None:
    shelves = Shelves().tell(an_exchange())
    shelves.tell(an_ended_exchange(ClaimStatus.RETURN_DONE, type=ClaimType.RETURN))
    assert shelves.stock == {"red": (9, 0), "blue": (5, 0)}


def test_what_is_not_there_is_refused_once_and_asked_for_again_with_every_event() -> None:
    shelves = Shelves(blue=0).tell(an_exchange()).tell(an_exchange())
    assert shelves.answers == ["StockRejected"]
    state = shelves.catalog.state(RESERVATION, "o1")
    assert state is not None
    assert [(one.status, one.code) for one in state.replacements] == [
        (ReservationStatus.REJECTED, ShortageCode.SOLD_OUT)
    ]
    shelves.catalog.deliver(a_submission("tee", stock={"red": 10, "blue": 0, "green": 1}))
    shelves.tell(an_exchange(), an_exchange("d", target="green"))
    assert shelves.answers == ["StockRejected", "StockReserved"]


def test_the_exchange_of_a_rejected_order_is_kept_as_any_other() -> None:
    shelves = Shelves(red=1)
    assert shelves.stock == {"red": (-1, 0), "blue": (5, 0)}
    shelves.tell(an_exchange(quantity=2))
    assert (shelves.stock, shelves.answers) == ({"red": (-1, 0), "blue": (5, 2)}, ["StockReserved"])
    shelves.tell(an_exchange(quantity=2, status=ClaimStatus.EXCHANGE_REDELIVERING, replacement=PARCEL))
    assert shelves.stock == {"red": (-1, 0), "blue": (3, 0)}


def test_the_exchange_of_a_rejected_order_is_refused_as_any_other() -> None:
    shelves = Shelves(red=1, blue=1).tell(an_exchange(quantity=2))
    assert (shelves.stock["blue"], shelves.answers) == ((1, 0), ["StockRejected"])


def test_an_exchange_for_an_option_nobody_knows_is_refused_at_once_and_delays_nothing_of_its_order() -> None:
    shelves, green = Shelves(shipped=1), an_exchange(target="green")
    assert (shelves.tell(green).answers, shelves.stock["red"]) == (["StockRejected"], (9, 1))
    assert shelves.tell(green, cancelled=1).stock["red"] == (9, 0)
    shelves.catalog.deliver(a_submission("tee", stock={"red": 10, "blue": 5, "green": 1}))
    assert shelves.tell(green).answers == ["StockRejected", "StockReserved"]


def test_two_exchanges_do_not_get_the_same_unit() -> None:
    shelves = Shelves(blue=1).tell(an_exchange("c"), an_exchange("d"))
    assert (shelves.answers, shelves.stock["blue"]) == (["StockReserved", "StockRejected"], (1, 1))


def test_an_exchange_that_takes_over_what_another_gives_back_is_answered_though_no_unit_moves() -> None:
    shelves = Shelves().tell(an_exchange("c"))
    shelves.tell(an_ended_exchange(ClaimStatus.WITHDRAWN, claim_id="c"), an_exchange("d"))
    assert (shelves.answers, shelves.stock["blue"]) == (["StockReserved", "StockReserved"], (5, 1))


def test_the_same_option_again_comes_from_the_same_shelf() -> None:
    shelves = Shelves().tell(an_exchange(target="red"))
    assert shelves.stock["red"] == (8, 1)
    shelves.tell(an_ended_exchange(ClaimStatus.EXCHANGE_DONE, target="red", replacement=PARCEL))
    assert shelves.stock["red"] == (8, 0)


def test_what_was_exchanged_and_is_returned_is_on_the_shelf_of_what_it_is_now() -> None:
    done = an_ended_exchange(ClaimStatus.EXCHANGE_DONE, replacement=PARCEL)
    line = ClaimLine(line_id="1", quantity=1, option_id="blue", good=1)
    back = an_exchange("r", type=ClaimType.RETURN, status=ClaimStatus.RETURN_DONE, closed_at=NOW, lines=(line,))
    shelves = Shelves().tell(an_exchange()).tell(done).tell(done, back)
    assert shelves.stock == {"red": (9, 0), "blue": (5, 0)}


def test_events_that_were_missed_are_made_up_for() -> None:
    done = an_ended_exchange(ClaimStatus.EXCHANGE_DONE, replacement=PARCEL)
    assert Shelves().tell(done).stock == Shelves().tell(an_exchange()).tell(done).stock
