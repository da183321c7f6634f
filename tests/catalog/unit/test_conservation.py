"""Whatever arrives, in whatever order and however often: the shelves end where the orders' newest states say."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from services.catalog.handlers import TABLE
from services.catalog.repository import PRODUCT, RESERVATION
from shared.contracts.catalog import ProductEvent, ProductState, ReservationStatus
from shared.contracts.envelope import Envelope
from shared.contracts.order_state import LineState, OrderState
from shared.contracts.orders import OrderPlaced
from tests.catalog.builders import SETTINGS, a_line, a_submission, an_order
from tests.support.memory import MemoryRuntime, event_envelope, message_envelope

PRODUCTS = ("tee", "mug")
OPTIONS = ("s", "m")


class Story(NamedTuple):
    stock: dict[str, dict[str, int]]
    orders: list[list[OrderState]]
    """Each order's states, oldest first."""
    batches: list[list[Envelope]]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    stock = {id: {option: draw(st.integers(0, 8)) for option in OPTIONS} for id in PRODUCTS}
    orders = [list(draw(lives(f"o{n}"))) for n in range(draw(st.integers(1, 5)))]
    told = [
        event_envelope(OrderPlaced(order=state), state.order_id, sequence)
        for states in orders
        for sequence, state in enumerate(states, start=1)
    ]
    newest = [event_envelope(OrderPlaced(order=s[-1]), s[-1].order_id, len(s)) for s in orders]
    submitted = [
        message_envelope(a_submission(id, stock=shelf, name=name))
        for id, shelf in stock.items()
        for name in draw(st.lists(st.sampled_from(["A", "B"]), min_size=1, max_size=3))
    ]
    heard = draw(st.lists(st.sampled_from(told), max_size=12))
    envelopes = draw(st.permutations([*submitted, *newest, *heard]))
    return Story(stock, orders, list(cut(envelopes, draw(st.lists(st.integers(1, 9), min_size=1)))))


@st.composite
def lives(draw: st.DrawFn, order_id: str) -> list[OrderState]:
    """An order's states: its counters only grow, within their bounds."""
    lines = [
        a_line(
            str(n), draw(st.sampled_from(PRODUCTS)), draw(st.integers(1, 4)), option_id=draw(st.sampled_from(OPTIONS))
        )
        for n in range(draw(st.integers(1, 4)))
    ]
    states = [an_order(*lines, order_id=order_id)]
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, len(lines) - 1))
        lines[at] = moved(lines[at], draw(st.sampled_from(["cancelled", "shipped", "restocked"])))
        states.append(an_order(*lines, order_id=order_id))
    return states


def moved(line: LineState, counter: str) -> LineState:
    room = line.shipped - line.restocked if counter == "restocked" else line.ordered - line.cancelled - line.shipped
    return line.model_copy(update={counter: getattr(line, counter) + 1}) if room else line


def cut(envelopes: list[Envelope], sizes: list[int]) -> Iterator[list[Envelope]]:
    turn = 0
    while envelopes:
        size = sizes[turn % len(sizes)]
        yield envelopes[:size]
        envelopes = envelopes[size:]
        turn += 1


@settings(max_examples=150, deadline=None)
@given(stories())
def test_the_shelves_end_where_the_orders_say(story: Story) -> None:
    catalog = MemoryRuntime("catalog", TABLE, [PRODUCT, RESERVATION], SETTINGS)
    for batch in story.batches:
        catalog.deliver(*batch)
    assert not catalog.parked
    assert not catalog.held
    assert shelves(catalog) == expected(story, catalog)
    assert summed_movements(catalog) == shelves(catalog)
    assert last_told(catalog) == {shelf: on_hand - reserved for shelf, (on_hand, reserved) in shelves(catalog).items()}
    assert Counter(answers(catalog)) <= Counter(states[-1].order_id for states in story.orders)


def shelves(catalog: MemoryRuntime) -> dict[tuple[str, str], tuple[int, int]]:
    products = [catalog.state(PRODUCT, id) for id in PRODUCTS]
    return {(p.product_id, o.option_id): (o.on_hand, o.reserved) for p in products if p for o in p.options}


def expected(story: Story, catalog: MemoryRuntime) -> dict[tuple[str, str], tuple[int, int]]:
    on_hand = {(id, option): units for id, shelf in story.stock.items() for option, units in shelf.items()}
    reserved: defaultdict[tuple[str, str], int] = defaultdict(int)
    for states in story.orders:
        reservation = catalog.state(RESERVATION, states[-1].order_id)
        assert reservation is not None
        for line in states[-1].lines:
            shelf = line.product_id, line.option_id
            on_hand[shelf] += line.restocked - line.shipped
            if reservation.status is ReservationStatus.RESERVED:
                reserved[shelf] += line.ordered - line.cancelled - line.shipped
    oversold = {shelf for shelf in on_hand if on_hand[shelf] < reserved[shelf]}
    assert oversold <= shipped_unreserved(catalog)
    return {shelf: (units, reserved[shelf]) for shelf, units in on_hand.items()}


def rows(catalog: MemoryRuntime) -> list[dict[str, Any]]:
    return list(catalog.rows.get("stock_movements", {}).values())


def shipped_unreserved(catalog: MemoryRuntime) -> set[tuple[str, str]]:
    return {(row["product_id"], row["option_id"]) for row in rows(catalog) if row["kind"] == "SHIPPED_UNRESERVED"}


def summed_movements(catalog: MemoryRuntime) -> dict[tuple[str, str], tuple[int, int]]:
    sums = {(id, option): (0, 0) for id in PRODUCTS for option in OPTIONS}
    for row in rows(catalog):
        shelf = row["product_id"], row["option_id"]
        on_hand, reserved = sums[shelf]
        sums[shelf] = on_hand + row["on_hand"], reserved + row["reserved"]
    return sums


def last_told(catalog: MemoryRuntime) -> dict[tuple[str, str], int]:
    """What a consumer of catalog.events believes to be available."""
    told: dict[str, ProductState] = {}
    for envelope in catalog.events:
        if envelope.aggregate == "product":
            told[envelope.subject] = ProductEvent.model_validate_json(envelope.data).product
    return {(id, option.option_id): option.available for id, state in told.items() for option in state.options}


def answers(catalog: MemoryRuntime) -> list[str]:
    return [envelope.subject for envelope in catalog.events if envelope.aggregate == "reservation"]
