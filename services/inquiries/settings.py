"""What the inquiries service is told by its environment."""

from typing import Literal

from pydantic_settings import SettingsConfigDict

from shared.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="INQUIRIES_", frozen=True)

    language: Literal["ko", "en"] = "ko"
    """Of drafted replies and of the notes a ticket writes itself."""
