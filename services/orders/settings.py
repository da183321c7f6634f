"""What an operator may set for orders: the variables ORDERS_… of the environment."""

from holidays import list_supported_countries
from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from shared.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="ORDERS_", frozen=True, populate_by_name=True)

    pay_within_hours: int = Field(24, ge=1)
    """How long an order waits for its payment."""
    ship_within_business_days: int = Field(3, ge=1)
    """Counted from the day after the seller confirmed (발주확인)."""
    delay_within_days: int = Field(90, ge=1, le=3650)
    """How far ahead a delay may promise to ship: a promise once given is never taken back."""
    decide_after_days: int = Field(8, ge=1)
    """How long after delivery a purchase counts as decided."""
    return_within_days: int = Field(7, ge=0)
    """How long after delivery a buyer may change their mind; a fault of the seller's is claimed until the decision."""
    holiday_country: str = Field("KR", pattern="^[A-Z]{2}$")
    """Whose public holidays are no business days."""

    @field_validator("holiday_country")
    @classmethod
    def has_known_holidays(cls, country: str) -> str:
        if country not in list_supported_countries():
            raise ValueError(f"the public holidays of {country} are not known")
        return country
