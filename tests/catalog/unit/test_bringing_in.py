"""Rows of a file against what is known of their products."""

from datetime import timedelta
from typing import Any

import pytest

from services.catalog.commands import ImportProduct, ProductRow, RemoveProduct
from services.catalog.domain.editing import bring_in, remove
from services.catalog.domain.product import Product
from shared.contracts.inbox_catalog import MAX_OPTIONS, SubmittedOption
from shared.runtime.decision import Decision, IllegalMove, Invalid
from tests.catalog.builders import NOW, SELLER, a_context, a_product, names, shelf, won


def brought_in(product: Product | None, **values: Any) -> Decision[Product]:
    row = ProductRow.model_validate({"product_id": "tee", **values})
    return bring_in(product, ImportProduct(product_id="tee", row=row), a_context("i1", actor=SELLER))


def test_a_new_product_is_registered_with_what_the_row_says() -> None:
    decision = brought_in(None, name="Tee", list_price=won(5), options=[{"option_id": "s", "stock": 3}])
    assert names(decision.events) == ["ProductRegistered"]
    assert shelf(decision.state, "s") == (3, 0)


@pytest.mark.parametrize(("given", "field"), [({"list_price": won(5)}, "name"), ({"name": "Tee"}, "list_price")])
def test_a_new_product_needs_a_name_and_a_price(given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid, match="needed to register") as refused:
        brought_in(None, **given)
    assert refused.value.field == field


def test_a_file_tells_sales_that_are_over_too() -> None:
    over = {"price": won(4), "from": NOW - timedelta(days=2), "until": NOW - timedelta(days=1)}
    sale = brought_in(None, name="Tee", list_price=won(5), sale_price=over).state.sale_price
    assert sale is not None
    assert sale.price == won(4)


def test_what_a_row_leaves_out_stays() -> None:
    product = a_product(description="soft", stock={"s": 3, "m": 4})
    decision = brought_in(product, list_price=won(900))
    assert decision.state.list_price == won(900)
    assert (decision.state.name, decision.state.description) == ("T-shirt", "soft")
    assert [option.option_id for option in decision.state.options] == ["s", "m"]


def test_an_option_is_added_or_changed_and_none_is_taken_out() -> None:
    product = brought_in(a_product(stock={"s": 3}), options=[{"option_id": "s", "sku": "T-S", "stock": 99}]).state
    decision = brought_in(product, options=[{"option_id": "s", "safety_level": 2}, {"option_id": "m", "stock": 4}])
    small, medium = decision.state.options
    assert (small.sku, small.safety_level, small.on_hand) == ("T-S", 2, 3)
    assert (medium.option_id, medium.on_hand) == ("m", 4)
    assert [row.document["kind"] for row in decision.rows if row.collection == "stock_movements"] == ["BROUGHT"]


def test_the_same_row_again_changes_nothing() -> None:
    values = {"name": "T-shirt", "options": [{"option_id": "s", "sku": "T-S", "stock": 3}]}
    product = brought_in(None, **values, list_price=won(5)).state
    assert brought_in(product, **values).state is product


def test_an_sku_names_one_option_of_a_product() -> None:
    product = brought_in(a_product(), options=[{"sku": "T"}]).state
    with pytest.raises(Invalid, match="SKU"):
        brought_in(product, options=[{"option_id": "m", "sku": "T"}])


def test_options_are_not_added_without_end() -> None:
    product = a_product(stock={str(n): 0 for n in range(MAX_OPTIONS)})
    with pytest.raises(Invalid, match="at most") as refused:
        brought_in(product, options=[SubmittedOption(option_id="one-more")])
    assert refused.value.field == "options"


def test_a_removed_product_is_not_brought_back() -> None:
    removed = remove(a_product(), RemoveProduct(product_id="tee"), a_context()).state
    with pytest.raises(IllegalMove):
        brought_in(removed, name="Tee")
