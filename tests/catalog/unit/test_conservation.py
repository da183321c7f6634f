"""Whatever arrives, in whatever order and however often: the shelves end where the orders' newest states say."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from services.catalog.handlers import TABLE
from services.catalog.repository import PRODUCT, RESERVATION
from shared.contracts.catalog import (
    ProductEvent,
    ProductState,
    ReservationEvent,
    ReservationState,
    ReservationStatus,
    StockRejected,
    StockReserved,
)
from shared.contracts.envelope import Envelope
from shared.contracts.order_state import Claim, ClaimStatus, ClaimType, LineState, OrderState
from shared.contracts.orders import OrderPlaced
from tests.catalog.builders import NOW, PARCEL, SETTINGS, a_line, a_submission, an_exchange, an_order
from tests.support.memory import MemoryRuntime, event_envelope, message_envelope

PRODUCTS = ("tee", "mug")
OPTIONS = ("s", "m")
UNKNOWN = "xxl"
"""An option of none."""


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
    """An order's states: its counters only grow, within their bounds, and its claims go on until they end."""
    lines = [
        a_line(
            str(n), draw(st.sampled_from(PRODUCTS)), draw(st.integers(1, 4)), option_id=draw(st.sampled_from(OPTIONS))
        )
        for n in range(draw(st.integers(1, 4)))
    ]
    claims: list[Claim] = []
    states = [an_order(*lines, order_id=order_id)]
    for _ in range(draw(st.integers(0, 7))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["cancelled", "shipped", "returned", "exchanged", "claim"])):
            case "claim":
                claims = [gone_on(claim, draw(st.sampled_from(NEXT))) for claim in claims]
            case "returned" | "exchanged" as claimed if lines[at].shipped:
                claims.append(draw(claims_of(lines[at], f"c{len(claims)}", claimed)))
            case "cancelled" | "shipped" as counter:
                lines[at] = moved(lines[at], counter)
        lines = [line.model_copy(update={"restocked": restocked(line, claims)}) for line in lines]
        states.append(an_order(*lines, order_id=order_id, claims=claims))
    return states


NEXT: list[dict[str, Any]] = [
    {},
    {"status": ClaimStatus.WITHDRAWN, "closed_at": NOW},
    {"status": ClaimStatus.EXCHANGE_REDELIVERING, "replacement": PARCEL},
    {"status": ClaimStatus.RETURN_DONE, "type": ClaimType.RETURN, "closed_at": NOW},
]
"""What becomes of an exchange that nothing was sent for yet."""


@st.composite
def claims_of(draw: st.DrawFn, line: LineState, claim_id: str, claimed: str) -> Claim:
    claim = an_exchange(
        claim_id,
        draw(st.integers(1, line.shipped)),
        draw(st.sampled_from([*OPTIONS, UNKNOWN])),
        line_id=line.line_id,
        option_id=line.option_id,
    )
    if claimed == "exchanged":
        return claim
    parts = tuple(part.model_copy(update={"target_option_id": None}) for part in claim.lines)
    return claim.model_copy(update={"lines": parts, **NEXT[-1]})


def gone_on(claim: Claim, to: dict[str, Any]) -> Claim:
    if claim.closed_at or ("replacement" in to and claim.lines[0].target_option_id == UNKNOWN):
        return claim
    if claim.replacement:
        return claim.model_copy(update={"status": ClaimStatus.EXCHANGE_DONE, "closed_at": NOW})
    return claim.model_copy(update=to)


def restocked(line: LineState, claims: list[Claim]) -> int:
    return sum(part.good for claim in done(claims) for part in claim.lines if part.line_id == line.line_id)


def done(claims: Iterable[Claim]) -> list[Claim]:
    return [claim for claim in claims if claim.status in (ClaimStatus.RETURN_DONE, ClaimStatus.EXCHANGE_DONE)]


def moved(line: LineState, counter: str) -> LineState:
    room = line.ordered - line.cancelled - line.shipped
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
    told = answers(catalog)
    assert all(len(answers) == 1 for (_, claim_id), answers in told.items() if claim_id is None)
    assert {who: answers[-1] for who, answers in told.items() if who[1]} == replacements(story, catalog)


def shelves(catalog: MemoryRuntime) -> dict[tuple[str, str], tuple[int, int]]:
    products = [catalog.state(PRODUCT, id) for id in PRODUCTS]
    return {(p.product_id, o.option_id): (o.on_hand, o.reserved) for p in products if p for o in p.options}


def expected(story: Story, catalog: MemoryRuntime) -> dict[tuple[str, str], tuple[int, int]]:
    on_hand = {(id, option): units for id, shelf in story.stock.items() for option, units in shelf.items()}
    reserved: defaultdict[tuple[str, str], int] = defaultdict(int)
    for states in story.orders:
        order, reservation = states[-1], reservation_of(states[-1], catalog)
        products = {line.line_id: line.product_id for line in order.lines}
        for line in order.lines:
            on_hand[line.product_id, line.option_id] -= line.shipped
            if reservation.status is ReservationStatus.RESERVED:
                reserved[line.product_id, line.option_id] += line.ordered - line.cancelled - line.shipped
        for claim in done(order.claims):
            for part in claim.lines:
                on_hand[products[part.line_id], str(part.option_id)] += part.good
        kept = {one.claim_id for one in reservation.replacements if one.status is ReservationStatus.RESERVED}
        for claim in order.claims:
            for part in claim.lines:
                if claim.replacement:
                    on_hand[products[part.line_id], str(part.target_option_id)] -= part.quantity
                elif claim.claim_id in kept and not claim.closed_at:
                    reserved[products[part.line_id], str(part.target_option_id)] += part.quantity
    oversold = {shelf for shelf in on_hand if on_hand[shelf] < reserved[shelf]}
    assert oversold <= shipped_unreserved(catalog)
    return {shelf: (units, reserved[shelf]) for shelf, units in on_hand.items()}


def reservation_of(order: OrderState, catalog: MemoryRuntime) -> ReservationState:
    reservation = catalog.state(RESERVATION, order.order_id)
    assert reservation is not None
    return reservation


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


def answers(catalog: MemoryRuntime) -> dict[tuple[str, str | None], list[str]]:
    """What each order, and each exchange of it, was told."""
    told: defaultdict[tuple[str, str | None], list[str]] = defaultdict(list)
    for envelope in catalog.events:
        if envelope.aggregate == "reservation":
            told[envelope.subject, json.loads(envelope.data)["claim_id"]].append(envelope.type)
    return told


def replacements(story: Story, catalog: MemoryRuntime) -> dict[tuple[str, str | None], str]:
    events: dict[ReservationStatus, type[ReservationEvent]] = {
        ReservationStatus.RESERVED: StockReserved,
        ReservationStatus.REJECTED: StockRejected,
    }
    return {
        (order.order_id, one.claim_id): events[one.status].wire_type()
        for states in story.orders
        for order in states[-1:]
        for one in reservation_of(order, catalog).replacements
    }
