from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from services.catalog.domain.product import Product
from services.catalog.domain.settlement import Settlement, settle
from services.catalog.repository import PRODUCT, RESERVATION
from services.catalog.reserving import products_of, reserve, reserve_what_is_known
from shared.contracts.catalog import ReservationState, ReservationStatus, ShortageCode
from shared.contracts.order_state import LineState
from shared.runtime.decision import Documents, NotYet
from tests.catalog.builders import a_context, a_line, a_product, an_order, names, placed, shelf

RESERVED, REJECTED = ReservationStatus.RESERVED, ReservationStatus.REJECTED


class Shop:
    """Carries reservation and products from one event of order o1 to the next."""

    def __init__(self, *products: Product) -> None:
        self.products = {product.product_id: product for product in products}
        self.reservation: ReservationState | None = None
        self.movements: list[dict[str, Any]] = []

    def hears(self, *lines: LineState) -> Settlement:
        context = a_context(f"m{len(self.movements)}", subject="o1")
        settled = settle(self.reservation, an_order(*lines), self.products, context)
        self.reservation = settled.reservation.state
        for id, decision in settled.products.items():
            self.products[id] = decision.state
            self.movements += [row.document for row in decision.rows]
        return settled

    def shelf(self, product_id: str = "tee", option_id: str = "default") -> tuple[int, int]:
        return shelf(self.products[product_id], option_id)

    def kinds(self) -> list[str]:
        return [movement["kind"] for movement in self.movements]

    def booked(self) -> list[tuple[int, int, int]]:
        assert self.reservation is not None
        return [(line.reserved, line.committed, line.restocked) for line in self.reservation.lines]


def test_units_on_the_shelf_are_reserved() -> None:
    shop = Shop(a_product(stock=3))
    settled = shop.hears(a_line(ordered=2))
    assert names(settled.reservation.events) == ["StockReserved"]
    assert shop.shelf() == (3, 2)
    assert shop.booked() == [(2, 0, 0)]
    assert shop.kinds() == ["RESERVED"]


def test_the_first_reservation_is_all_or_none() -> None:
    shop = Shop(a_product(stock=3), a_product("mug", stock=1))
    settled = shop.hears(a_line("1", "tee", 2), a_line("2", "mug", 2))
    assert names(settled.reservation.events) == ["StockRejected"]
    assert settled.reservation.state.status is REJECTED
    [short] = settled.reservation.state.shortages
    assert (short.line_id, short.code, short.requested, short.available) == ("2", ShortageCode.SOLD_OUT, 2, 1)
    assert settled.products == {}


def test_lines_of_one_option_share_what_is_available() -> None:
    shop = Shop(a_product(stock=5))
    settled = shop.hears(a_line("1", ordered=3), a_line("2", ordered=3))
    [short] = settled.reservation.state.shortages
    assert (short.line_id, short.available) == ("2", 2)
    enough = Shop(a_product(stock=6))
    enough.hears(a_line("1", ordered=3), a_line("2", ordered=3))
    assert enough.shelf() == (6, 6)
    assert enough.kinds() == ["RESERVED"]


@pytest.mark.parametrize("status", ["DRAFT", "SUSPENDED"])
def test_what_is_not_on_sale_is_not_reserved(status: str) -> None:
    settled = Shop(a_product(status=status)).hears(a_line())
    assert [short.code for short in settled.reservation.state.shortages] == [ShortageCode.NOT_ON_SALE]


def test_the_answer_names_the_gravest_shortage() -> None:
    shop = Shop(a_product(stock=0), a_product("mug", status="DRAFT"))
    [rejected] = shop.hears(a_line("1"), a_line("2", "mug")).reservation.events
    assert rejected(reservation=shop.reservation).code is ShortageCode.NOT_ON_SALE  # type: ignore[attr-defined]


def test_what_is_not_on_sale_any_more_stays_reserved() -> None:
    shop = Shop(a_product(stock=3))
    shop.hears(a_line(ordered=2))
    shop.products["tee"] = shop.products["tee"].model_copy(update={"status": "SUSPENDED"})
    shop.hears(a_line(ordered=2, shipped=1))
    assert shop.shelf() == (2, 1)


def test_a_shipment_takes_reserved_units_off_the_shelf() -> None:
    shop = Shop(a_product(stock=3))
    shop.hears(a_line(ordered=2))
    settled = shop.hears(a_line(ordered=2, shipped=2))
    assert not settled.reservation.events
    assert shop.shelf() == (1, 0)
    assert shop.booked() == [(0, 2, 0)]
    assert shop.kinds() == ["RESERVED", "SHIPPED"]


def test_a_cancel_releases_and_a_return_restocks() -> None:
    shop = Shop(a_product(stock=5))
    shop.hears(a_line(ordered=4))
    shop.hears(a_line(ordered=4, cancelled=1, shipped=2))
    assert shop.shelf() == (3, 1)
    shop.hears(a_line(ordered=4, cancelled=1, shipped=3, restocked=2))
    assert shop.shelf() == (4, 0)
    assert Counter(shop.kinds()) == {"RESERVED": 1, "SHIPPED": 2, "RELEASED": 1, "RESTOCKED": 1}
    assert sum(movement["on_hand"] for movement in shop.movements) == 4 - 5
    assert sum(movement["reserved"] for movement in shop.movements) == 0


def test_events_that_move_no_stock_change_nothing() -> None:
    shop = Shop(a_product(stock=3))
    shop.hears(a_line(ordered=2))
    before = shop.reservation
    settled = shop.hears(a_line(ordered=2, delivered=0, decided=0))
    assert settled.reservation.state is before
    assert settled.products == {}


def test_a_missed_event_heals_with_the_next() -> None:
    shop = Shop(a_product(stock=5))
    shop.hears(a_line(ordered=3, cancelled=1, shipped=0))
    shop.hears(a_line(ordered=3, cancelled=1, shipped=2, restocked=1))
    assert shop.shelf() == (4, 0)


def test_a_rejected_order_stays_rejected_but_its_parcels_leave_the_shelf() -> None:
    shop = Shop(a_product(stock=1))
    shop.hears(a_line(ordered=2))
    settled = shop.hears(a_line(ordered=2, shipped=2))
    assert settled.reservation.state.status is REJECTED
    assert settled.reservation.state.flags == ("SHIPPED_UNRESERVED",)
    assert not settled.reservation.events
    assert shop.shelf() == (-1, 0)
    assert shop.kinds() == ["SHIPPED_UNRESERVED"]


def test_an_order_first_seen_half_shipped_reserves_the_rest_of_what_is_left() -> None:
    shop = Shop(a_product(stock=5))
    settled = shop.hears(a_line(ordered=5, shipped=3))
    assert names(settled.reservation.events) == ["StockReserved"]
    assert settled.reservation.state.flags == ("SHIPPED_UNRESERVED",)
    assert shop.shelf() == (2, 2)
    short = Shop(a_product(stock=4))
    assert names(short.hears(a_line(ordered=5, shipped=3)).reservation.events) == ["StockRejected"]
    assert short.shelf() == (1, 0)


def test_an_order_cancelled_before_it_is_seen_is_neither_reserved_nor_rejected() -> None:
    shop = Shop()
    settled = shop.hears(a_line(ordered=2, cancelled=2))
    assert settled.reservation.state.status is RESERVED
    assert not settled.reservation.events
    assert settled.products == {}


# -- products that are not known yet ---------------------------------------------------------------------------


def documents(reservation: ReservationState | None, *products: Product, missing: tuple[str, ...] = ()) -> Documents:
    states: dict[Any, Any] = {RESERVATION.ref("o1"): reservation}
    states |= {PRODUCT.ref(product.product_id): product for product in products}
    states |= {PRODUCT.ref(id): None for id in missing}
    return Documents(states)


def test_the_products_asked_for_are_those_the_order_is_ahead_with() -> None:
    event = placed(a_line("1", "tee"), a_line("2", "mug", cancelled=1))
    assert list(products_of(event, Documents({}))) == []
    assert set(products_of(event, documents(None))) == {PRODUCT.ref("tee")}
    assert list(products_of(event, documents(None, missing=("tee",)))) == []
    settled = settle(None, event.order, {"tee": a_product()}, a_context(subject="o1"))
    assert set(products_of(event, documents(settled.reservation.state))) == set()


def test_documents_are_there_to_be_asked_though_none_is_loaded() -> None:
    assert Documents({})
    assert not documents(None).has_any(PRODUCT)
    assert documents(None, missing=("tee",)).has_any(PRODUCT)


def test_an_order_waits_for_each_product_that_is_not_known_yet() -> None:
    event = placed(a_line("1", "tee"), a_line("2", "mug"), a_line("3", "cap"))
    with pytest.raises(NotYet) as early:
        reserve(documents(None, a_product(), missing=("mug", "cap")), event, a_context(subject="o1"))
    assert early.value.waits_for == PRODUCT.ref("mug")
    assert early.value.hold_for == timedelta(minutes=10)
    with pytest.raises(NotYet) as early:
        reserve(documents(None, a_product(), a_product("mug"), missing=("cap",)), event, a_context(subject="o1"))
    assert early.value.waits_for == PRODUCT.ref("cap")


def test_an_order_waits_for_an_option_that_is_not_known_yet() -> None:
    with pytest.raises(NotYet) as early:
        reserve(documents(None, a_product()), placed(a_line(option_id="xl")), a_context(subject="o1"))
    assert early.value.waits_for == PRODUCT.ref("tee")


def test_an_unknown_product_of_which_all_units_are_cancelled_is_not_waited_for() -> None:
    event = placed(a_line("1", "tee"), a_line("2", "mug", cancelled=1))
    decisions = reserve(documents(None, a_product()), event, a_context(subject="o1"))
    assert decisions[RESERVATION.ref("o1")].state.status is RESERVED


def test_an_order_that_waited_too_long_is_rejected() -> None:
    event = placed(a_line("1", "tee"), a_line("2", "mug"))
    docs = documents(None, a_product(), missing=("mug",))
    decisions = reserve_what_is_known(docs, event, a_context(subject="o1"))
    rejected = decisions[RESERVATION.ref("o1")]
    assert names(rejected.events) == ["StockRejected"]
    assert [(short.line_id, short.code) for short in rejected.state.shortages] == [("2", ShortageCode.UNKNOWN_PRODUCT)]
    assert list(decisions) == [RESERVATION.ref("o1")]


def test_a_parcel_with_an_unknown_product_is_booked_without_it_until_a_later_event_finds_it() -> None:
    shop = Shop(a_product())
    settled = shop.hears(a_line("1", "tee", shipped=1), a_line("2", "mug", shipped=1))
    assert settled.reservation.state.flags == ("PRODUCT_UNKNOWN", "SHIPPED_UNRESERVED")
    assert shop.booked() == [(0, 1, 0), (0, 0, 0)]
    shop.products["mug"] = a_product("mug", stock=1)
    shop.hears(a_line("1", "tee", shipped=1, delivered=1), a_line("2", "mug", shipped=1))
    assert shop.booked() == [(0, 1, 0), (0, 1, 0)]
    assert shop.shelf("mug") == (0, 0)
    assert shop.reservation is not None
    assert shop.reservation.flags == ("SHIPPED_UNRESERVED",)
