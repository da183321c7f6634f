"""What the catalog tells the world: `catalog.events`, key = product id, or order id for reservations."""

from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from shared.contracts.base import Code, Contract, Count, Event, Id, Money, Name, NonNegativeMoney, Quantity, Text, Utc


class ProductStatus(StrEnum):
    DRAFT = "DRAFT"
    ON_SALE = "ON_SALE"
    SOLD_OUT = "SOLD_OUT"
    """Derived: ON_SALE with nothing available."""
    SUSPENDED = "SUSPENDED"
    REMOVED = "REMOVED"


class SalePrice(Contract):
    price: NonNegativeMoney
    from_: Annotated[Utc, Field(alias="from")]
    until: Utc

    @model_validator(mode="after")
    def lasts(self) -> Self:
        if self.until <= self.from_:
            raise ValueError("until must be after from")
        return self


class OptionState(Contract):
    """One thing on the shelf. available = on_hand − reserved; negative when a carrier shipped what was not there."""

    option_id: Id
    name: Name | None = None
    sku: Name | None = None
    price_difference: Money
    on_hand: Annotated[int, Field(strict=True)]
    reserved: Count
    available: Annotated[int, Field(strict=True)]
    safety_level: Count = 0


class ProductState(Contract):
    product_id: Id
    name: Name
    description: Text = ""
    category: tuple[Name, ...] = ()
    status: ProductStatus
    list_price: Money
    sale_price: SalePrice | None = None
    options: tuple[OptionState, ...]
    images: tuple[str, ...] = ()
    registered_at: Utc
    updated_at: Utc


class ReservationStatus(StrEnum):
    RESERVED = "RESERVED"
    REJECTED = "REJECTED"


class ShortageCode(StrEnum):
    UNKNOWN_PRODUCT = "UNKNOWN_PRODUCT"
    NOT_ON_SALE = "NOT_ON_SALE"
    SOLD_OUT = "SOLD_OUT"


class ReservationLine(Contract):
    """reserved = ordered − cancelled − shipped, committed = shipped, restocked = good returned units."""

    line_id: Id
    product_id: Id
    option_id: Id
    reserved: Count
    committed: Count
    restocked: Count


class Shortage(Contract):
    line_id: Id
    product_id: Id
    option_id: Id
    code: ShortageCode
    requested: Quantity
    available: int


class Replacement(Contract):
    """Whether an exchange can have what it is to send."""

    claim_id: Id
    status: ReservationStatus
    code: ShortageCode | None = None


class ReservationState(Contract):
    order_id: Id
    status: ReservationStatus
    lines: tuple[ReservationLine, ...]
    shortages: tuple[Shortage, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    flags: tuple[Code, ...] = ()
    """SHIPPED_UNRESERVED: a parcel took units nothing was reserved for. PRODUCT_UNKNOWN: units of it are not booked."""


class ProductEvent(Event):
    service: ClassVar[str] = "catalog"
    aggregate: ClassVar[str] = "product"
    product: ProductState


class ProductRegistered(ProductEvent):
    pass


class ProductUpdated(ProductEvent):
    fields: tuple[Code, ...]
    """The names of the fields that changed."""


class ProductRemoved(ProductEvent):
    pass


class StockChanged(ProductEvent):
    option_ids: tuple[Id, ...]
    """The options whose `available` changed."""


class ProductSoldOut(ProductEvent):
    option_ids: tuple[Id, ...]


class ProductRestocked(ProductEvent):
    option_ids: tuple[Id, ...]


class ReservationEvent(Event):
    service: ClassVar[str] = "catalog"
    aggregate: ClassVar[str] = "reservation"
    reservation: ReservationState


class StockReserved(ReservationEvent):
    claim_id: Id | None = None
    """Only what this exchange is to send."""


class StockRejected(ReservationEvent):
    claim_id: Id | None = None
    code: ShortageCode
    """The gravest of the shortages: UNKNOWN_PRODUCT, then NOT_ON_SALE, then SOLD_OUT."""


EVENTS: tuple[type[Event], ...] = (
    ProductRegistered,
    ProductUpdated,
    ProductRemoved,
    StockChanged,
    ProductSoldOut,
    ProductRestocked,
    StockReserved,
    StockRejected,
)
