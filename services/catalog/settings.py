from datetime import timedelta

from pydantic_settings import SettingsConfigDict

from shared.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="CATALOG_", frozen=True)

    hold_unknown: timedelta = timedelta(minutes=10)
    """How long an order waits for a product that is not known yet before it is told UNKNOWN_PRODUCT."""
