"""The product: what is offered, at what price, and how much of each option is on the shelf."""

from collections.abc import Mapping
from typing import NamedTuple

from shared.contracts.base import Contract, Count, Id, Money, Name, Text, Utc
from shared.contracts.catalog import OptionState, ProductState, ProductStatus, SalePrice
from shared.runtime.decision import IllegalMove


class Shift(NamedTuple):
    """Units that come to an option or leave it."""

    on_hand: int = 0
    reserved: int = 0

    def plus(self, other: "Shift") -> "Shift":
        return Shift(self.on_hand + other.on_hand, self.reserved + other.reserved)


class LastCount(Contract):
    """What the newest count found on the shelf, and when it was made."""

    on_hand: Count
    at: Utc


class Option(Contract):
    option_id: Id
    name: Name | None = None
    sku: Name | None = None
    price_difference: Money
    safety_level: Count = 0
    on_hand: int = 0
    reserved: int = 0
    told: int = 0
    """`available` as the last registration or edit published it."""
    last_count: LastCount | None = None

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved

    def shifted(self, shift: Shift) -> "Option":
        return self.model_copy(
            update={"on_hand": self.on_hand + shift.on_hand, "reserved": self.reserved + shift.reserved}
        )

    def public(self) -> OptionState:
        return OptionState(
            option_id=self.option_id,
            name=self.name,
            sku=self.sku,
            price_difference=self.price_difference,
            on_hand=self.on_hand,
            reserved=self.reserved,
            available=self.available,
            safety_level=self.safety_level,
        )


class Product(Contract):
    """`status` is what was set; what others see is `shown_status`. `version` counts registrations and edits."""

    product_id: Id
    name: Name
    description: Text = ""
    category: tuple[Name, ...] = ()
    status: ProductStatus
    list_price: Money
    sale_price: SalePrice | None = None
    options: tuple[Option, ...]
    images: tuple[str, ...] = ()
    registered_at: Utc
    updated_at: Utc
    version: int = 1
    description_version: int = 0
    """Of the texts it ever had; 0 before the first."""

    @property
    def shown_status(self) -> ProductStatus:
        if self.status is ProductStatus.ON_SALE and all(option.available <= 0 for option in self.options):
            return ProductStatus.SOLD_OUT
        return self.status

    @property
    def below_safety(self) -> bool:
        return any(option.available < option.safety_level for option in self.options)

    @property
    def on_sale(self) -> bool:
        return self.status is ProductStatus.ON_SALE

    @property
    def allowed_actions(self) -> tuple[str, ...]:
        return () if self.status is ProductStatus.REMOVED else ("edit", "remove")

    def edited_since(self, before: "Product | None") -> bool:
        """Registered or edited, beyond what orders and counts do to its stock."""
        return before is None or before.version != self.version

    def refuse(self, sentence: str, field: str | None = None) -> IllegalMove:
        return IllegalMove(f"product {self.product_id} {sentence}", field=field, allowed=self.allowed_actions)

    def option(self, option_id: str) -> Option | None:
        for option in self.options:
            if option.option_id == option_id:
                return option
        return None

    def shifted(self, shifts: Mapping[str, Shift]) -> "Product":
        options = tuple(
            option.shifted(shifts[option.option_id]) if option.option_id in shifts else option
            for option in self.options
        )
        return self.model_copy(update={"options": options})

    def counted(self, option_id: str, count: LastCount) -> "Product":
        update = {"on_hand": count.on_hand, "last_count": count}
        options = tuple(o.model_copy(update=update) if o.option_id == option_id else o for o in self.options)
        return self.model_copy(update={"options": options})

    def public(self) -> ProductState:
        return ProductState(
            product_id=self.product_id,
            name=self.name,
            description=self.description,
            category=self.category,
            status=self.shown_status,
            list_price=self.list_price,
            sale_price=self.sale_price,
            options=tuple(option.public() for option in self.options),
            images=self.images,
            registered_at=self.registered_at,
            updated_at=self.updated_at,
        )
