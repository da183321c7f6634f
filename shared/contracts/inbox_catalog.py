"""What other systems may tell catalog: `catalog.inbox`, key = `ce_subject` = product id. HTTP takes the same bodies."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from shared.contracts.base import Contract, Count, Id, InboxMessage, Money, Name, NonNegativeMoney, Text, Utc
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


def _distinct(options: tuple[SubmittedOption, ...]) -> tuple[SubmittedOption, ...]:
    if len({option.option_id for option in options}) != len(options):
        raise ValueError("option_id must be unique within the product")
    return options


Options = Annotated[tuple[SubmittedOption, ...], Field(min_length=1, max_length=MAX_OPTIONS), AfterValidator(_distinct)]
CategoryPath = Annotated[tuple[Name, ...], Field(max_length=10)]
Images = Annotated[tuple[Annotated[str, Field(max_length=2000)], ...], Field(max_length=50)]


class ProductSubmitted(InboxMessage):
    """A product as its owner knows it: registered when new, edited when known. Every price is in the store's currency.

    An option that is left out of a known product is taken out of it; what is on its shelf is written off.
    """

    service: ClassVar[str] = "catalog"
    subject_field: ClassVar[str] = "product_id"
    product_id: Id
    name: Name
    description: Text = ""
    category: CategoryPath = ()
    status: SubmittedStatus = SubmittedStatus.ON_SALE
    list_price: NonNegativeMoney
    sale_price: SalePrice | None = None
    options: Options = (SubmittedOption(),)
    images: Images = ()


class StockCounted(InboxMessage):
    """What a warehouse found on the shelf of one option: on_hand becomes it, whatever the movements said.

    Counts may come in any order: one made before the last one known is refused. Send it before the parcels that left
    after it.
    """

    service: ClassVar[str] = "catalog"
    subject_field: ClassVar[str] = "product_id"
    product_id: Id
    option_id: Id = "default"
    on_hand: Count
    counted_at: Utc


MESSAGES: tuple[type[InboxMessage], ...] = (ProductSubmitted, StockCounted)
