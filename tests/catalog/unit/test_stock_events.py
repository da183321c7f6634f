from collections import Counter
from typing import Any

from services.catalog.commands import EditProduct, ProductChanges
from services.catalog.domain.editing import edit
from services.catalog.domain.product import Product, Shift
from services.catalog.domain.stock import stock_events
from services.catalog.handlers import TABLE
from services.catalog.repository import PRODUCT, RESERVATION
from shared.contracts.envelope import Envelope
from shared.contracts.orders import OrderPlaced
from tests.catalog.builders import SETTINGS, a_context, a_line, a_product, a_submission, an_order
from tests.support.memory import MemoryRuntime, event_envelope


def told(before: Product | None, after: Product) -> dict[str, tuple[str, ...]]:
    events = [event(product=after.public()) for event in stock_events(before, after, a_context())]
    return {type(event).__name__: event.option_ids for event in events}  # type: ignore[attr-defined]


def reserved(product: Product, units: int, option_id: str = "default") -> Product:
    return product.shifted({option_id: Shift(reserved=units)})


def edited(product: Product, **changes: Any) -> Product:
    return edit(product, EditProduct(product_id="tee", changes=ProductChanges(**changes)), a_context()).state


def test_only_options_whose_available_changed_are_told() -> None:
    before = a_product(stock={"s": 5, "m": 5})
    assert told(before, reserved(before, 2, "m")) == {"StockChanged": ("m",)}


def test_a_shipment_changes_on_hand_and_reserved_but_tells_nothing() -> None:
    before = reserved(a_product(), 2)
    assert told(before, before.shifted({"default": Shift(on_hand=-2, reserved=-2)})) == {}


def test_the_last_unit_sells_out_and_a_released_one_restocks() -> None:
    before = a_product(stock=2)
    gone = reserved(before, 2)
    assert told(before, gone) == {"StockChanged": ("default",), "ProductSoldOut": ("default",)}
    assert told(gone, reserved(gone, -1)) == {"StockChanged": ("default",), "ProductRestocked": ("default",)}
    assert told(gone, gone.shifted({"default": Shift(on_hand=-1)})) == {"StockChanged": ("default",)}


def test_a_registration_has_told_its_stock() -> None:
    assert told(None, a_product(stock=5)) == {}
    assert told(None, reserved(a_product(stock=5), 5)) == {
        "StockChanged": ("default",),
        "ProductSoldOut": ("default",),
    }


def test_an_edit_tells_the_stock_as_it_is_then() -> None:
    before = a_product(stock=5)
    assert told(before, edited(reserved(before, 1), name="Tee")) == {}
    assert told(before, reserved(edited(reserved(before, 1), name="Tee"), -1)) == {"StockChanged": ("default",)}
    assert told(before, edited(reserved(before, 5), name="Tee")) == {"ProductSoldOut": ("default",)}


def orders(sequence: int, shipped: int = 0) -> list[Envelope]:
    states = [an_order(a_line(shipped=shipped), order_id=f"o{n}") for n in range(50)]
    return [event_envelope(OrderPlaced(order=order), order.order_id, sequence) for order in states]


def test_a_batch_of_orders_tells_a_product_s_stock_once_and_their_parcels_not_at_all() -> None:
    catalog = MemoryRuntime("catalog", TABLE, [PRODUCT, RESERVATION], SETTINGS)
    catalog.deliver(a_submission(stock=60))
    catalog.deliver(*orders(1))
    assert Counter(catalog.event_types) == {"ProductRegistered": 1, "StockReserved": 50, "StockChanged": 1}
    catalog.deliver(*orders(2, shipped=1))
    assert len(catalog.events) == 52
