from datetime import timedelta
from typing import Any

import pytest

from services.catalog.domain.counting import count
from services.catalog.domain.editing import remove
from services.catalog.domain.product import Product, Shift
from services.catalog.handlers import TABLE
from services.catalog.repository import PRODUCT, RESERVATION
from shared.contracts.inbox_catalog import StockCounted
from shared.runtime.decision import Decision, IllegalMove, Invalid, NotYet
from tests.catalog.builders import NOW, SELLER, SETTINGS, WAREHOUSE, a_context, a_product, a_submission, shelf
from tests.support.memory import T0, MemoryRuntime

HOUR = timedelta(hours=1)


def counted(product: Product, on_hand: int, *, ago: timedelta = HOUR, option_id: str = "default") -> Decision[Product]:
    message = StockCounted(product_id="tee", option_id=option_id, on_hand=on_hand, counted_at=NOW - ago)
    return count(product, message, a_context("c1"))


def ledger(decision: Decision[Product]) -> list[tuple[Any, ...]]:
    return [(row.document["kind"], row.document["on_hand"], row.document["counted_at"]) for row in decision.rows]


def test_a_count_sets_on_hand_and_the_ledger_says_what_was_off() -> None:
    product = a_product(stock=10).shifted({"default": Shift(reserved=4)})
    decision = counted(product, 7)
    assert shelf(decision.state) == (7, 4)
    assert ledger(decision) == [("COUNTED", -3, NOW - HOUR)]


def test_a_count_that_agrees_is_in_the_ledger_too() -> None:
    assert ledger(counted(a_product(stock=10), 10)) == [("COUNTED", 0, NOW - HOUR)]


def test_the_ledger_says_who_counted() -> None:
    message = StockCounted(product_id="tee", on_hand=5, counted_at=NOW)
    rows = [row for actor in (WAREHOUSE, SELLER) for row in count(a_product(), message, a_context(actor=actor)).rows]
    assert [row.document["by"] for row in rows] == ["system:/products", "seller:local"]


def test_a_count_below_what_is_reserved_leaves_nothing_available() -> None:
    product = a_product(stock=10).shifted({"default": Shift(reserved=4)})
    option = counted(product, 1).state.option("default")
    assert option is not None
    assert option.available == -3


def test_an_older_count_is_refused() -> None:
    product = counted(a_product(stock=10), 7).state
    with pytest.raises(IllegalMove, match="counted at 2026-11-16 08:00:00 UTC already") as refused:
        counted(product, 9, ago=2 * HOUR)
    assert refused.value.field == "counted_at"
    assert shelf(counted(product, 9, ago=HOUR / 2).state) == (9, 0)


def test_the_same_count_again_changes_nothing_and_another_of_the_same_moment_is_refused() -> None:
    product = counted(a_product(stock=10), 7).state
    moved = product.shifted({"default": Shift(on_hand=-2)})
    assert counted(moved, 7).state is moved
    with pytest.raises(IllegalMove):
        counted(product, 8)


def test_each_option_has_counts_of_its_own() -> None:
    product = counted(a_product(stock={"s": 1, "m": 1}), 5, option_id="s").state
    assert shelf(counted(product, 6, ago=2 * HOUR, option_id="m").state, "m") == (6, 0)


def test_a_count_of_an_option_that_is_not_there_waits_for_it() -> None:
    with pytest.raises(NotYet):
        counted(a_product(), 5, option_id="xl")


def test_a_count_from_the_future_is_refused() -> None:
    assert shelf(counted(a_product(), 3, ago=-timedelta(minutes=4)).state) == (3, 0)
    with pytest.raises(Invalid) as refused:
        counted(a_product(), 3, ago=-timedelta(minutes=6))
    assert refused.value.field == "counted_at"


def test_what_is_left_of_a_removed_product_can_be_counted() -> None:
    message = StockCounted(product_id="tee", on_hand=2, counted_at=NOW)
    removed = remove(a_product(), None, a_context()).state  # type: ignore[arg-type]
    assert shelf(count(removed, message, a_context()).state) == (2, 0)


def test_a_count_before_its_product_waits_and_sells_it_out_or_in_once() -> None:
    catalog = MemoryRuntime("catalog", TABLE, [PRODUCT, RESERVATION], SETTINGS)
    catalog.deliver(StockCounted(product_id="tee", on_hand=0, counted_at=T0))
    assert len(catalog.held) == 1
    catalog.deliver(a_submission(stock=5))
    assert catalog.event_types == ["ProductRegistered", "StockChanged", "ProductSoldOut"]
    later = [StockCounted(product_id="tee", on_hand=n, counted_at=T0 + timedelta(seconds=n)) for n in (1, 2, 3)]
    catalog.deliver(*later)
    assert catalog.event_types[3:] == ["StockChanged", "ProductRestocked"]
    catalog.deliver(StockCounted(product_id="tee", on_hand=9, counted_at=T0))
    assert [parked.fault.field for parked in catalog.parked] == ["counted_at"]
    assert len(catalog.rejected) == 1
