"""A product as a ticket shows it: what it is called, what it costs, what of it is to be had."""

from shared.contracts.base import Contract, Count, Id, Money, Name, Utc
from shared.contracts.catalog import OptionState, ProductEvent, ProductStatus, SalePrice
from shared.runtime.decision import Context, Decision


class OptionCard(Contract):
    option_id: Id
    name: Name | None = None
    price_difference: Money
    available: int


class ProductCard(Contract):
    product_id: Id
    name: Name
    category: tuple[Name, ...] = ()
    status: ProductStatus
    list_price: Money
    sale_price: SalePrice | None = None
    options: tuple[OptionCard, ...]
    sequence: Count
    as_of: Utc


def show_product(_known: ProductCard | None, event: ProductEvent, ctx: Context) -> Decision[ProductCard]:
    product = event.product
    return Decision(
        ProductCard(
            product_id=product.product_id,
            name=product.name,
            category=product.category,
            status=product.status,
            list_price=product.list_price,
            sale_price=product.sale_price,
            options=tuple(_option(option) for option in product.options),
            sequence=ctx.sequence or 0,
            as_of=ctx.now,
        )
    )


def _option(option: OptionState) -> OptionCard:
    return OptionCard(
        option_id=option.option_id,
        name=option.name,
        price_difference=option.price_difference,
        available=option.available,
    )
