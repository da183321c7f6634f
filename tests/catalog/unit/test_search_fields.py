from services.catalog.commands import EditProduct, ProductChanges
from services.catalog.domain.editing import edit
from services.catalog.domain.product import Shift
from services.catalog.domain.search import search_fields
from services.catalog.repository import PRODUCT
from tests.catalog.builders import a_context, a_product


def test_a_sale_leaves_what_a_product_is_found_by_and_a_new_name_changes_it() -> None:
    knit = a_product(name="Wool Knit")
    found_by = {"words": "wool knit", "pairs": ("it", "kn", "l", "ni", "ol", "oo", "t", "wo")}
    assert search_fields(knit) == found_by
    assert PRODUCT.dump(knit.shifted({"default": Shift(reserved=1)})).items() >= found_by.items()
    hat = edit(knit, EditProduct(product_id="tee", changes=ProductChanges(name="Hat")), a_context()).state
    assert search_fields(hat) == {"words": "hat", "pairs": ("at", "ha", "t")}
    assert search_fields(knit) == found_by


def test_only_short_texts_are_kept() -> None:
    """A product may have a hundred options with long names: many such would take all of the memory."""
    for name, kept in (("Wool Knit " * 29, True), ("Wool Knit " * 30, False)):
        knit = a_product().model_copy(update={"name": name})
        assert (search_fields(knit)["pairs"] is search_fields(knit)["pairs"]) is kept
        assert search_fields(knit)["pairs"][:2] == ("it", "kn")
