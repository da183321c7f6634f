"""Stock on real Kafka and MongoDB: never oversold by two processes, and orders that come before their products."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
import pytest_asyncio

from shared.contracts.catalog import ShortageCode, StockRejected, StockReserved
from shared.contracts.envelope import Envelope
from shared.contracts.order_state import LineState, Shipment
from shared.contracts.orders import OrderPlaced, OrderShipped
from tests.catalog.builders import NOW, a_line, a_submission, an_order
from tests.support.eventually import eventually
from tests.support.memory import event_envelope, message_envelope
from tests.support.processes import Process
from tests.support.stack import Stack
from tests.support.store import Store

pytestmark = pytest.mark.stack
Answers = dict[str, StockReserved | StockRejected]


class Shop(NamedTuple):
    store: Store
    catalog: Process


@pytest_asyncio.fixture(scope="module")
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    """Two processes of the catalog on one store; each test has products and orders of its own."""
    async with Store(stack).opened() as store:
        await store.start("catalog")
        yield Shop(store, await store.start("catalog"))


def placed(order_id: str, *lines: LineState) -> Envelope:
    return event_envelope(OrderPlaced(order=an_order(*lines, order_id=order_id)), order_id, 1)


def shipped(order_id: str, *lines: LineState) -> Envelope:
    parcel = Shipment(shipment_id="s1", carrier="CJ", tracking_no="1", lines=(), shipped_at=NOW)
    return event_envelope(OrderShipped(order=an_order(*lines, order_id=order_id), shipment=parcel), order_id, 2)


async def answers(store: Store, orders: str) -> Answers:
    """What the orders whose ids begin so were told, each once."""
    told: Answers = {}
    for envelope in await store.read("catalog.events"):
        for answer in (StockReserved, StockRejected):
            if envelope.type == answer.wire_type() and envelope.subject.startswith(orders):
                assert envelope.subject not in told
                told[envelope.subject] = answer.model_validate_json(envelope.data)
    return told


async def test_never_oversold_by_two_processes(shop: Shop) -> None:
    buyers, units = 400, 37
    await shop.store.send("catalog.inbox", [message_envelope(a_submission(stock={"s": units, "m": 1000}))])
    orders = [placed(f"buyer{n}", a_line(option_id="s"), a_line("2", option_id="m")) for n in range(buyers)]
    await shop.store.send("orders.events", [*orders, *orders])

    async def all_answered() -> Answers:
        told = await answers(shop.store, "buyer")
        return told if len(told) == buyers else {}

    told = await eventually(all_answered, within=90)
    winners = [id for id, answer in told.items() if isinstance(answer, StockReserved)]
    assert Counter(type(answer).__name__ for answer in told.values()) == {
        "StockReserved": units,
        "StockRejected": buyers - units,
    }
    assert {answer.code for answer in told.values() if isinstance(answer, StockRejected)} == {ShortageCode.SOLD_OUT}
    assert await shelves(shop, "tee") == {"s": (units, units), "m": (1000, units)} == summed_movements(shop, "tee")

    parcels = [shipped(id, a_line(option_id="s", shipped=1), a_line("2", option_id="m")) for id in winners]
    await shop.store.send("orders.events", parcels)

    async def all_left() -> bool:
        return (await shelves(shop, "tee"))["s"] == (0, 0)

    await eventually(all_left)
    assert summed_movements(shop, "tee") == {"s": (0, 0), "m": (1000, units)}


async def shelves(shop: Shop, product_id: str) -> dict[str, tuple[int, int]]:
    options = (await shop.catalog.http.get(f"/products/{product_id}")).json()["options"]
    return {option["option_id"]: (option["on_hand"], option["reserved"]) for option in options}


def summed_movements(shop: Shop, product_id: str) -> dict[str, tuple[int, int]]:
    sums: defaultdict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in shop.store.database("catalog").stock_movements.find({"product_id": product_id}):
        on_hand, reserved = sums[row["option_id"]]
        sums[row["option_id"]] = on_hand + row["on_hand"], reserved + row["reserved"]
    return dict(sums)


async def test_a_sale_never_fails_an_edit(shop: Shop) -> None:
    http = shop.catalog.http
    registered = await http.post("/products", json=a_submission("edited", stock=1000).model_dump(mode="json"))
    revision = registered.headers["ETag"]
    orders = [placed(f"during{n}", a_line(product_id="edited")) for n in range(300)]
    for n in range(15):
        await shop.store.send("orders.events", orders[n * 20 : n * 20 + 20])
        edited = await http.patch("/products/edited", json={"name": f"Tee {n}"}, headers={"If-Match": revision})
        assert edited.status_code == 200, edited.text
        revision = edited.headers["ETag"]

    async def all_reserved() -> bool:
        return await shelves(shop, "edited") == {"default": (1000, 300)}

    await eventually(all_reserved)
    assert (await http.get("/products/edited")).json()["name"] == "Tee 14"


async def test_an_order_over_nine_products_waits_for_the_one_that_is_unknown(shop: Shop) -> None:
    http = shop.catalog.http
    names = [f"p{n}" for n in range(9)]
    await shop.store.send("orders.events", [placed("nine", *(a_line(name, name) for name in names))])
    known = [a_submission(name, category=("Nine",)) for name in names if name != "p4"]
    await shop.store.send("catalog.inbox", [message_envelope(submission) for submission in known])

    async def it_waits_for_the_last() -> bool:
        listed = (await http.get("/products", params={"category": "Nine"})).json()["items"]
        waiting = shop.store.database("catalog").held.find_one({"key": "nine"})
        return bool(len(listed) == 8 and waiting and waiting["waits_for"] == "product/p4")

    await eventually(it_waits_for_the_last)
    assert await answers(shop.store, "nine") == {}
    await shop.store.send("catalog.inbox", [message_envelope(a_submission("p4"))])
    told = await eventually(lambda: answers(shop.store, "nine"))
    assert isinstance(told["nine"], StockReserved)
    reservation = (await http.get("/reservations/nine")).json()
    assert [line["reserved"] for line in reservation["lines"]] == [1] * 9


async def test_every_shelf_is_what_its_movements_and_the_reservations_say(shop: Shop) -> None:
    http = shop.catalog.http
    await http.post("/products", json=a_submission("checked", stock={"s": 5, "m": 5}).model_dump(mode="json"))
    await http.post("/products", json=a_submission("dropped", stock={"s": 5, "m": 5}).model_dump(mode="json"))
    only_m = {"options": [{"option_id": "m"}]}
    await http.patch("/products/dropped", json=only_m, headers={"If-Match": "*"})
    await http.post("/products/checked/counts", json={"option_id": "m", "on_hand": 3})
    await shop.store.send("orders.events", [placed("checking", a_line(product_id="checked", ordered=2, option_id="s"))])
    await eventually(lambda: answers(shop.store, "checking"))
    right = (await http.get("/reconcile")).json()
    assert right["ok"], right
    assert right["shelves"] >= 4
    assert right["movements"] >= 7

    products = shop.store.database("catalog").products
    products.update_one({"_id": "checked"}, {"$inc": {"options.0.reserved": 1, "options.1.on_hand": -2}})
    wrong = (await http.get("/reconcile")).json()
    products.update_one({"_id": "checked"}, {"$inc": {"options.0.reserved": -1, "options.1.on_hand": 2}})
    assert (wrong["ok"], wrong["difference_count"]) == (False, 3)
    assert {
        (row["option_id"], row["figure"], row["shelf"], row["source"], row["expected"]) for row in wrong["differences"]
    } == {
        ("s", "reserved", 3, "movements", 2),
        ("s", "reserved", 3, "reservations", 2),
        ("m", "on_hand", 1, "movements", 3),
    }


async def test_parcels_without_a_reservation_are_listed(shop: Shop) -> None:
    await shop.store.send("catalog.inbox", [message_envelope(a_submission("scarce", stock=1))])
    await shop.store.send("orders.events", [placed("late-1", a_line(product_id="scarce", ordered=2))])
    await eventually(lambda: answers(shop.store, "late-1"))
    await shop.store.send("orders.events", [shipped("late-1", a_line(product_id="scarce", ordered=2, shipped=2))])

    async def listed(**wanted: str) -> list[str]:
        page = (await shop.catalog.http.get("/reservations", params=wanted)).json()
        return [item["order_id"] for item in page["items"] if item["order_id"].startswith("late")]

    await eventually(lambda: listed(flag="SHIPPED_UNRESERVED"))
    assert await listed(flag="SHIPPED_UNRESERVED", status="REJECTED") == ["late-1"]
    assert await listed(flag="SHIPPED_UNRESERVED", status="RESERVED") == []
    assert await listed(flag="PRODUCT_UNKNOWN") == []
    assert (await shop.catalog.http.get("/reservations", params={"status": "LOST"})).status_code == 422


async def test_an_order_of_a_product_nobody_registers_is_rejected_after_its_wait(stack: Stack) -> None:
    async with Store(stack).opened() as store:
        await store.start("catalog", CATALOG_HOLD_UNKNOWN="PT1S")
        await store.send("catalog.inbox", [message_envelope(a_submission("tee"))])
        await store.send("orders.events", [placed("ghostly", a_line("1", "tee"), a_line("2", "ghost"))])
        told = await eventually(lambda: answers(store, "ghostly"))
    assert isinstance(told["ghostly"], StockRejected)
    assert told["ghostly"].code is ShortageCode.UNKNOWN_PRODUCT
