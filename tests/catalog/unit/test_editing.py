from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from services.catalog.commands import EditProduct, ProductChanges, RemoveProduct
from services.catalog.domain.editing import edit, register, remove, submit
from services.catalog.domain.product import Product, Shift
from shared.contracts.base import Money
from shared.contracts.catalog import ProductStatus, SalePrice
from shared.contracts.inbox_catalog import ProductSubmitted, SubmittedOption
from shared.runtime.decision import Decision, IllegalMove, Invalid
from tests.catalog.builders import NOW, SELLER, a_context, a_product, a_submission, names, shelf, won


def edited(product: Product, **changes: Any) -> Decision[Product]:
    return edit(
        product, EditProduct(product_id="tee", changes=ProductChanges(**changes)), a_context("e1", actor=SELLER)
    )


def options(*option_ids: str, **values: Any) -> tuple[SubmittedOption, ...]:
    return tuple(SubmittedOption(option_id=id, **values) for id in option_ids)


def test_a_new_product_brings_its_stock_as_movements() -> None:
    decision = register(a_submission(stock={"s": 3, "m": 0}), a_context())
    assert names(decision.events) == ["ProductRegistered"]
    assert shelf(decision.state, "s") == (3, 0)
    brought = [row.document for row in decision.rows if row.collection == "stock_movements"]
    assert [(row["option_id"], row["kind"], row["on_hand"], row["reserved"]) for row in brought] == [
        ("s", "BROUGHT", 3, 0)
    ]


def test_the_same_submission_again_changes_nothing() -> None:
    product = a_product()
    assert submit(product, a_submission(stock=99), a_context("m2")).state is product


def test_a_later_submission_edits_and_names_what_changed() -> None:
    decision = submit(a_product(), a_submission(name="Tee", status="SUSPENDED"), a_context("m2"))
    assert decision.state.name == "Tee"
    assert decision.state.shown_status is ProductStatus.SUSPENDED
    [event] = decision.events
    assert event(product=decision.state.public()).fields == ("name", "status")  # type: ignore[attr-defined]


def test_a_person_cannot_overwrite_a_product_by_registering_it_again() -> None:
    with pytest.raises(IllegalMove) as refused:
        submit(a_product(), a_submission(name="Tee"), a_context("m2", actor=SELLER))
    assert refused.value.field == "product_id"
    assert refused.value.allowed == ("edit", "remove")


def test_an_edit_changes_only_what_it_names() -> None:
    product = a_product(description="soft", category=("Clothing",))
    decision = edited(product, name="Tee", category=("Clothing",))
    assert (decision.state.name, decision.state.description) == ("Tee", "soft")
    [event] = decision.events
    assert event(product=decision.state.public()).fields == ("name",)  # type: ignore[attr-defined]


def test_an_edit_that_changes_nothing_is_none() -> None:
    product = a_product()
    decision = edited(product, name="T-shirt", options=options("default"))
    assert decision.state is product
    assert not decision.events
    assert not decision.rows


def test_the_history_says_who_changed_what_when() -> None:
    [row] = edited(a_product(list_price=won(900)), list_price=won(950)).rows
    assert row.collection == "product_history"
    assert row.document == {
        "product_id": "tee",
        "at": NOW,
        "by": "seller:local",
        "change": "UPDATED",
        "fields": ["list_price"],
        "before": {"list_price": {"amount": 900, "currency": "KRW"}},
        "after": {"list_price": {"amount": 950, "currency": "KRW"}},
    }


def test_each_description_is_kept_apart_and_the_history_names_its_version() -> None:
    first = register(a_submission(description="soft"), a_context("r1"))
    second = edited(first.state, description="softer")
    third = edited(second.state, description="", name="Tee")
    rows = [row for decision in (first, second, third) for row in decision.rows]
    texts = {row.id: row.document["description"] for row in rows if row.collection == "product_descriptions"}
    assert texts == {"tee/000001": "soft", "tee/000002": "softer", "tee/000003": ""}
    told = [row.document for row in rows if row.collection == "product_history"]
    assert [(row["before"], row["after"]) for row in told[1:]] == [
        ({"description_version": 1}, {"description_version": 2}),
        ({"description_version": 2, "name": "T-shirt"}, {"description_version": 3, "name": "Tee"}),
    ]
    assert not [row for row in edited(third.state, name="T").rows if row.collection == "product_descriptions"]


def test_the_history_of_options_is_about_their_description_not_their_stock() -> None:
    [change] = edited(a_product(), options=options("default", name="One size")).rows
    assert change.document["after"]["options"] == [
        {
            "option_id": "default",
            "name": "One size",
            "sku": None,
            "price_difference": {"amount": 0, "currency": "KRW"},
            "safety_level": 0,
        }
    ]


def test_an_edit_adds_an_option_with_its_stock_and_leaves_the_stock_of_others() -> None:
    decision = edited(a_product(stock={"s": 3}), options=options("s", "m", stock=7))
    assert shelf(decision.state, "s") == (3, 0)
    assert shelf(decision.state, "m") == (7, 0)
    assert [row.document["kind"] for row in decision.rows if row.collection == "stock_movements"] == ["BROUGHT"]


def test_an_option_taken_out_is_written_off() -> None:
    decision = edited(a_product(stock={"s": 3, "m": 2}), options=options("m"))
    assert decision.state.option("s") is None
    written_off = [row.document for row in decision.rows if row.collection == "stock_movements"]
    assert [(row["option_id"], row["kind"], row["on_hand"]) for row in written_off] == [("s", "WRITTEN_OFF", -3)]


def test_an_option_with_reserved_units_stays() -> None:
    product = a_product(stock={"s": 3, "m": 2}).shifted({"s": Shift(reserved=1)})
    with pytest.raises(IllegalMove, match="reserved") as refused:
        edited(product, options=options("m"))
    assert refused.value.field == "options"


def test_a_removed_product_is_never_sold_again() -> None:
    removed = remove(a_product(), RemoveProduct(product_id="tee"), a_context("r1"))
    assert names(removed.events) == ["ProductRemoved"]
    assert removed.state.shown_status is ProductStatus.REMOVED
    with pytest.raises(IllegalMove) as refused:
        edited(removed.state, name="Tee")
    assert (refused.value.field, refused.value.allowed) == ("product_id", ())
    with pytest.raises(IllegalMove):
        submit(removed.state, a_submission(), a_context())
    assert remove(removed.state, RemoveProduct(product_id="tee"), a_context("r2")).state is removed.state


DOLLAR = Money(amount=5, currency="USD")
ALWAYS = {"from": NOW, "until": "2027-01-01T00:00:00Z"}


def on_sale_for(amount: int) -> SalePrice:
    return SalePrice.model_validate({"price": won(amount), **ALWAYS})


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("list_price", {"list_price": DOLLAR}),
        (
            "sale_price",
            {"sale_price": SalePrice.model_validate({"price": DOLLAR, **ALWAYS})},
        ),
        ("options", {"options": options("default", price_difference=DOLLAR)}),
        ("options", {"options": options("default", price_difference=won(-1001))}),
        ("options", {"options": options("default", price_difference=won(-951)), "sale_price": on_sale_for(950)}),
        ("sale_price", {"sale_price": on_sale_for(1001)}),
    ],
)
def test_a_wrong_price_is_refused_by_name(field: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        register(a_submission(**wrong), a_context())
    assert refused.value.field == field
    with pytest.raises(Invalid) as refused:
        edited(a_product(), **wrong)
    assert refused.value.field == field


@pytest.mark.parametrize("field", ["name", "description", "category", "status", "list_price", "options", "images"])
def test_a_field_cannot_be_edited_to_null(field: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        ProductChanges.model_validate({field: None})
    assert wrong.value.errors()[0]["loc"] == (field,)


def test_null_ends_a_sale() -> None:
    sale = on_sale_for(900)
    product = edited(a_product(), sale_price=sale).state
    assert product.sale_price == sale
    assert edited(product, sale_price=None).state.sale_price is None


def test_an_option_is_named_once() -> None:
    with pytest.raises(ValidationError) as wrong:
        ProductSubmitted(product_id="tee", name="x", list_price=won(1), options=options("s", "s"))
    assert wrong.value.errors()[0]["loc"] == ("options",)


def test_a_sale_ends_after_it_began() -> None:
    with pytest.raises(ValidationError, match="until must be after from"):
        SalePrice.model_validate({"price": won(1), "from": NOW, "until": NOW})


def test_a_person_sets_no_sale_that_is_over_and_keeps_one_that_was_set() -> None:
    over = SalePrice.model_validate({"price": won(900), "from": NOW - timedelta(days=2), "until": NOW})
    with pytest.raises(Invalid) as refused:
        edited(a_product(), sale_price=over)
    assert refused.value.field == "sale_price.until"
    with pytest.raises(Invalid):
        submit(None, a_submission(sale_price=over), a_context(actor=SELLER))
    told = submit(None, a_submission(sale_price=over), a_context()).state
    assert told.sale_price == over
    assert edited(told, name="Tee", sale_price=over).state.name == "Tee"


def test_sold_out_is_derived() -> None:
    assert a_product(stock=0).shown_status is ProductStatus.SOLD_OUT
    assert a_product(stock=0, status="DRAFT").shown_status is ProductStatus.DRAFT
    assert a_product(stock={"s": 0, "m": 1}).shown_status is ProductStatus.ON_SALE
