"""What every message on the wire is made of: frozen models, ids, money and UTC times."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints


def utc_milliseconds(moment: datetime) -> datetime:
    """UTC, cut to the millisecond: what MongoDB can store, so a stored state equals a sent one."""
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie within the years 1 to 9999 of UTC") from None
    finer = moment.microsecond % 1000
    return moment.replace(microsecond=moment.microsecond - finer) if finer else moment


Utc = Annotated[AwareDatetime, AfterValidator(utc_milliseconds)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:~-]*$")]
Code = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/ -]*$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Text = Annotated[str, StringConstraints(max_length=20_000)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Quantity = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)]
Minor = Annotated[int, Field(strict=True, ge=-(10**15), le=10**15)]


class Contract(BaseModel):
    """Frozen; unknown fields are passed over, so a newer sender never breaks an older reader."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic's, in one step, for models without extra or private attributes: decisions copy states all the
        time."""
        if deep:
            return super().model_copy(update=update, deep=True)
        changes = update or {}
        known = self.__pydantic_fields_set__
        copied = type(self).__new__(type(self))
        object.__setattr__(copied, "__dict__", {**self.__dict__, **changes})
        fields_set = known if changes.keys() <= known else known | changes.keys()
        object.__setattr__(copied, "__pydantic_fields_set__", fields_set)
        object.__setattr__(copied, "__pydantic_extra__", None)
        object.__setattr__(copied, "__pydantic_private__", None)
        return copied


class Money(Contract):
    """An amount in minor units (won, cents) of one ISO 4217 currency."""

    amount: Minor
    currency: Currency

    def __add__(self, other: "Money") -> "Money":
        return self._with(self.amount + self._amount_of(other))

    def __sub__(self, other: "Money") -> "Money":
        return self._with(self.amount - self._amount_of(other))

    def _amount_of(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError(f"{other.currency} cannot be added to {self.currency}")
        return other.amount

    def _with(self, amount: int) -> "Money":
        return Money(amount=amount, currency=self.currency)

    def units(self, first: int, last: int, quantity: int) -> "Money":
        """The share of units first…last-1 of a line worth `self` for `quantity` units."""
        return self._with(share_of_units(self.amount, first, last, quantity))

    def is_zero(self) -> bool:
        return self.amount == 0


def share_of_units(total: int, first: int, last: int, quantity: int) -> int:
    """What units first…last-1 are worth where `quantity` units are worth `total`.

    cum(k) = total * k // quantity, so the shares of all units always sum to the whole.
    """
    return total * last // quantity - total * first // quantity


def _not_negative(money: Money) -> Money:
    if money.amount < 0:
        raise ValueError("must not be negative")
    return money


NonNegativeMoney = Annotated[
    Money,
    AfterValidator(_not_negative),
    Field(json_schema_extra={"properties": {"amount": {"minimum": 0}}}),
]


class Message(Contract):
    """The value of one record. `service` and the class name make its wire type."""

    service: ClassVar[str]
    version: ClassVar[int] = 1

    @classmethod
    def wire_type(cls) -> str:
        """Such as `orders.OrderShipped.v1`, carried in the header `ce_type`."""
        return f"{cls.service}.{cls.__name__}.v{cls.version}"


class Event(Message):
    """A fact a service tells the world, with the whole public state after the decision."""

    aggregate: ClassVar[str]


class InboxMessage(Message):
    """Something another system, a person or a timer tells a service: it may be refused.

    subject_field: the field that repeats the envelope's subject, the id of what the message is about.
    """

    subject_field: ClassVar[str] = ""
