"""Stock on real Kafka and MongoDB: never oversold by two processes, and orders that come before their products."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shared.contracts.catalog import ShortageCode, StockRejected, StockReserved
from shared.contracts.envelope import Envelope
from shared.contracts.orders import LineState, OrderPlaced, OrderShipped, Shipment
from tests.catalog.builders import NOW, a_line, a_submission, an_order
from tests.support.memory import event_envelope, message_envelope
from tests.support.running import Store, eventually
from tests.support.stack import Stack

pytestmark = pytest.mark.stack


@pytest_asyncio.fixture
async def store(stack: Stack) -> AsyncIterator[Store]:
    async with Store(stack).opened() as store:
        yield store


def placed(order_id: str, *lines: LineState) -> Envelope:
    return event_envelope(OrderPlaced(order=an_order(*lines, order_id=order_id)), order_id, 1)


def shipped(order_id: str, *lines: LineState) -> Envelope:
    parcel = Shipment(shipment_id="s1", carrier="CJ", tracking_no="1", lines=(), shipped_at=NOW)
    return event_envelope(OrderShipped(order=an_order(*lines, order_id=order_id), shipment=parcel), order_id, 2)


async def answers(store: Store) -> dict[str, StockReserved | StockRejected]:
    told: dict[str, StockReserved | StockRejected] = {}
    for envelope in await store.read("catalog.events"):
        for answer in (StockReserved, StockRejected):
            if envelope.type == answer.wire_type():
                assert envelope.subject not in told
                told[envelope.subject] = answer.model_validate_json(envelope.data)
    return told


async def test_never_oversold_by_two_processes(store: Store) -> None:
    buyers, units = 400, 37
    await store.start("catalog")
    second = await store.start("catalog")
    await store.send("catalog.inbox", [message_envelope(a_submission(stock={"s": units, "m": 1000}))])
    orders = [placed(f"o{n}", a_line(option_id="s"), a_line("2", option_id="m")) for n in range(buyers)]
    await store.send("orders.events", [*orders, *orders])

    async def all_answered() -> dict[str, StockReserved | StockRejected]:
        told = await answers(store)
        return told if len(told) == buyers else {}

    told = await eventually(all_answered, within=60)
    outcome = Counter(type(answer).__name__ for answer in told.values())
    assert outcome == {"StockReserved": units, "StockRejected": buyers - units}
    assert {answer.code for answer in told.values() if isinstance(answer, StockRejected)} == {ShortageCode.SOLD_OUT}
    shelves = {o["option_id"]: o for o in (await second.http.get("/products/tee")).json()["options"]}
    assert (shelves["s"]["on_hand"], shelves["s"]["reserved"], shelves["s"]["available"]) == (units, units, 0)
    assert shelves["m"]["reserved"] == units
    assert summed_movements(store) == {"s": (units, units), "m": (1000, units)}
    await ship(store, [id for id, answer in told.items() if isinstance(answer, StockReserved)])
    assert summed_movements(store)["s"] == (0, 0)


async def ship(store: Store, orders: list[str]) -> None:
    await store.send(
        "orders.events", [shipped(id, a_line(option_id="s", shipped=1), a_line("2", option_id="m")) for id in orders]
    )

    async def nothing_left() -> bool:
        [option] = [o for o in store.database("catalog").products.find_one()["options"] if o["option_id"] == "s"]
        return bool((option["on_hand"], option["reserved"]) == (0, 0))

    await eventually(nothing_left)


def summed_movements(store: Store) -> dict[str, tuple[int, int]]:
    sums: defaultdict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in store.database("catalog").stock_movements.find():
        on_hand, reserved = sums[row["option_id"]]
        sums[row["option_id"]] = on_hand + row["on_hand"], reserved + row["reserved"]
    return dict(sums)


async def test_an_order_over_nine_products_waits_for_the_one_that_is_unknown(store: Store) -> None:
    catalog = await store.start("catalog")
    names = [f"p{n}" for n in range(9)]
    await store.send("orders.events", [placed("nine", *(a_line(name, name) for name in names))])
    await store.send("catalog.inbox", [message_envelope(a_submission(name)) for name in names if name != "p4"])

    async def all_but_one_known() -> bool:
        listed = (await catalog.http.get("/products")).json()["items"]
        held = (await catalog.http.get("/ops/status")).json()["held"]
        return len(listed) == 8 and held == 1

    await eventually(all_but_one_known)
    assert await answers(store) == {}
    await store.send("catalog.inbox", [message_envelope(a_submission("p4"))])
    told = await eventually(lambda: answers(store))
    assert isinstance(told["nine"], StockReserved)
    reservation = (await catalog.http.get("/reservations/nine")).json()
    assert [line["reserved"] for line in reservation["lines"]] == [1] * 9


async def test_an_order_of_a_product_nobody_registers_is_rejected_after_its_wait(store: Store) -> None:
    await store.start("catalog", CATALOG_HOLD_UNKNOWN="PT1S")
    await store.send("catalog.inbox", [message_envelope(a_submission("tee"))])
    await store.send("orders.events", [placed("o1", a_line("1", "tee"), a_line("2", "ghost"))])
    told = await eventually(lambda: answers(store))
    assert isinstance(told["o1"], StockRejected)
    assert told["o1"].code is ShortageCode.UNKNOWN_PRODUCT
