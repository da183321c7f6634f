from typing import Any

from services.catalog.commands import EditProduct, ProductChanges
from services.catalog.domain.editing import edit
from services.catalog.domain.product import Product, Shift
from services.catalog.domain.stock import stock_events
from tests.catalog.builders import a_context, a_product


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
