"""What other systems may tell catalog: `catalog.inbox`, key = `ce_subject` = product id. HTTP takes the same bodies."""

from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from shared.contracts.base import Contract, Count, Id, InboxMessage, Money, Name, NonNegativeMoney, Text
from shared.contracts.catalog import SalePrice

MAX_OPTIONS = 100


class SubmittedStatus(StrEnum):
    """What a seller may set; SOLD_OUT is derived and REMOVED is a call of its own."""

    DRAFT = "DRAFT"
    ON_SALE = "ON_SALE"
    SUSPENDED = "SUSPENDED"


class SubmittedOption(Contract):
    option_id: Id = "default"
    name: Name | None = None
    sku: Name | None = None
    price_difference: Money | None = None
    stock: Count = 0
    """Units brought when the option is created; ignored for an option that exists."""
    safety_level: Count = 0


class ProductSubmitted(InboxMessage):
    """A product as its owner knows it: registered when new, edited when known."""

    service: ClassVar[str] = "catalog"
    product_id: Id
    name: Name
    description: Text = ""
    category: Annotated[tuple[Name, ...], Field(max_length=10)] = ()
    status: SubmittedStatus = SubmittedStatus.ON_SALE
    list_price: NonNegativeMoney
    sale_price: SalePrice | None = None
    options: Annotated[tuple[SubmittedOption, ...], Field(min_length=1, max_length=MAX_OPTIONS)] = (SubmittedOption(),)
    images: Annotated[tuple[Annotated[str, Field(max_length=2000)], ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def consistent(self) -> Self:
        if len({option.option_id for option in self.options}) != len(self.options):
            raise ValueError("options: option_id must be unique within the product")
        prices = [option.price_difference for option in self.options if option.price_difference is not None]
        if self.sale_price is not None:
            prices.append(self.sale_price.price)
        if any(price.currency != self.list_price.currency for price in prices):
            raise ValueError("list_price: every price must be in one currency")
        return self


MESSAGES: tuple[type[InboxMessage], ...] = (ProductSubmitted,)
