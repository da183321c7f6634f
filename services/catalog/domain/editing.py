"""Registering, editing and removing a product. Stock comes with a new option; an edit never changes it."""

from collections.abc import Mapping, Sequence, Set
from functools import partial
from typing import Any

from services.catalog.commands import EditProduct, ImportProduct, ProductChanges, RemoveProduct
from services.catalog.domain.history import history_row, new_description
from services.catalog.domain.options import brought, shelf_movements, wanted_options, with_options
from services.catalog.domain.product import Option, Product
from shared.contracts.base import Money
from shared.contracts.catalog import ProductRegistered, ProductRemoved, ProductStatus, ProductUpdated, SalePrice
from shared.contracts.inbox_catalog import ProductSubmitted
from shared.runtime.decision import Context, Decision, Invalid

FIELDS = frozenset({"name", "description", "category", "status", "list_price", "sale_price", "options", "images"})


def submit(product: Product | None, message: ProductSubmitted, ctx: Context) -> Decision[Product]:
    """A system's word registers a new product and edits a known one; a person edits with `EditProduct` only."""
    if ctx.actor.role != "system":
        _refuse_a_sale_that_is_over(product, message.sale_price, ctx)
    if product is None:
        return register(message, ctx)
    decision = revise(product, _wanted(message, FIELDS, product.options, ctx), ctx)
    if decision.state is not product and ctx.actor.role != "system":
        raise product.refuse("exists already with other content; edit it", field="product_id")
    return decision


def register(message: ProductSubmitted, ctx: Context) -> Decision[Product]:
    wanted = _wanted(message, FIELDS, (), ctx)
    product = Product(
        product_id=message.product_id,
        **wanted,
        registered_at=ctx.now,
        updated_at=ctx.now,
        description_version=1 if message.description else 0,
    )
    _check_prices(product, ctx)
    _check_skus(product)
    rows = [history_row("REGISTERED", None, product, (), ctx), *new_description(None, product, ctx)]
    rows += [row for option in product.options for row in brought(product.product_id, option, ctx)]
    return Decision(product, [ProductRegistered], rows)


def edit(product: Product, message: EditProduct, ctx: Context) -> Decision[Product]:
    _refuse_a_sale_that_is_over(product, message.changes.sale_price, ctx)
    return revise(product, _wanted(message.changes, message.changes.model_fields_set, product.options, ctx), ctx)


def bring_in(product: Product | None, message: ImportProduct, ctx: Context) -> Decision[Product]:
    """A row of a file. What it leaves out stays as it is, options included."""
    row = message.row
    given = {name: getattr(row, name) for name in row.model_fields_set & FIELDS}
    if product is not None:
        wanted = _wanted(row, given.keys() - {"options"}, product.options, ctx)
        if row.options is not None:
            wanted["options"] = with_options(product.options, row.options, ctx.policy.store_currency)
        return revise(product, wanted, ctx)
    for needed in ("name", "list_price"):
        if needed not in given:
            raise Invalid(f"{needed} is needed to register a new product", field=needed)
    return register(ProductSubmitted(product_id=row.product_id, **given), ctx)


def remove(product: Product, _message: RemoveProduct, ctx: Context) -> Decision[Product]:
    if product.status is ProductStatus.REMOVED:
        return Decision(product)
    removed = _edited(product, {"status": ProductStatus.REMOVED}, ctx)
    return Decision(removed, [ProductRemoved], [history_row("REMOVED", product, removed, ["status"], ctx)])


def revise(product: Product, wanted: Mapping[str, Any], ctx: Context) -> Decision[Product]:
    """The product with the wanted values, where they differ."""
    if product.status is ProductStatus.REMOVED:
        raise product.refuse("was removed; what is sold again needs an id of its own", field="product_id")
    update = {name: value for name, value in wanted.items() if value != getattr(product, name)}
    if not update:
        return Decision(product)
    revised = _edited(product, update, ctx)
    _check_prices(revised, ctx)
    _check_skus(revised)
    rows = [history_row("UPDATED", product, revised, update, ctx), *new_description(product, revised, ctx)]
    rows += shelf_movements(product, revised.options, ctx)
    return Decision(revised, [partial(ProductUpdated, fields=tuple(sorted(update)))], rows)


def _wanted(
    source: ProductSubmitted | ProductChanges, names: Set[str], known: Sequence[Option], ctx: Context
) -> dict[str, Any]:
    wanted = {name: getattr(source, name) for name in names & FIELDS}
    if source.status is not None and "status" in wanted:
        wanted["status"] = ProductStatus(source.status)
    if source.options is not None and "options" in wanted:
        wanted["options"] = wanted_options(known, source.options, ctx.policy.store_currency)
    return wanted


def _edited(product: Product, update: Mapping[str, Any], ctx: Context) -> Product:
    """After an edit, whose event tells the stock of every option as well."""
    options = update.get("options", product.options)
    told = tuple(option.model_copy(update={"told": option.available}) for option in options)
    edit = {"options": told, "updated_at": ctx.now, "version": product.version + 1}
    if "description" in update:
        edit["description_version"] = product.description_version + 1
    return product.model_copy(update={**update, **edit})


def _refuse_a_sale_that_is_over(product: Product | None, sale: SalePrice | None, ctx: Context) -> None:
    """A person who sets one means another; systems and files also tell what was."""
    known = product.sale_price if product else None
    if sale is not None and sale != known and sale.until <= ctx.now:
        raise Invalid("until is past: no sale would be left", field="sale_price.until")


def _check_skus(product: Product) -> None:
    skus = [option.sku for option in product.options if option.sku]
    if len(set(skus)) < len(skus):
        raise Invalid("an SKU names one option of the product", field="options")


def _check_prices(product: Product, ctx: Context) -> None:
    """One store has one currency, and nobody is paid for taking something."""
    sale = [product.sale_price.price] if product.sale_price else []
    differences = [option.price_difference for option in product.options]
    prices: dict[str, list[Money]] = {"list_price": [product.list_price], "sale_price": sale, "options": differences}
    for field, amounts in prices.items():
        if any(amount.currency != ctx.policy.store_currency for amount in amounts):
            raise Invalid(f"{field}: this store sells in {ctx.policy.store_currency}", field=field)
    for field, price in (("list_price", product.list_price), *(("sale_price", price) for price in sale)):
        if any(price.amount + difference.amount < 0 for difference in differences):
            raise Invalid(f"price_difference must not take more off than {field}", field="options")
    if any(price.amount > product.list_price.amount for price in sale):
        raise Invalid("sale_price must not be above list_price", field="sale_price")
