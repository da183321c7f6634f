"""What every service is told by its environment. Names without prefix are shared; the rest carry the service's."""

from datetime import timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    model_config = SettingsConfigDict(frozen=True, populate_by_name=True)

    kafka_bootstrap_servers: str = Field("127.0.0.1:9092", validation_alias=AliasChoices("KAFKA_BOOTSTRAP_SERVERS"))
    mongodb_uri: str = Field("mongodb://127.0.0.1:27017/?replicaSet=rs0", validation_alias=AliasChoices("MONGODB_URI"))
    store_currency: str = Field("KRW", pattern=r"^[A-Z]{3}$", validation_alias=AliasChoices("STORE_CURRENCY"))
    store_timezone: str = Field("Asia/Seoul", validation_alias=AliasChoices("STORE_TIMEZONE"))
    topic_prefix: str = Field("", pattern="^[A-Za-z0-9_-]{0,30}$", validation_alias=AliasChoices("TOPIC_PREFIX"))
    """Put before every topic, group and database name: several stores or test runs on one Kafka and MongoDB."""
    log_format: str = Field("json", pattern="^(json|text)$", validation_alias=AliasChoices("LOG_FORMAT"))
    http_host: str = "127.0.0.1"
    http_port: int = 8000
    hold_for: timedelta = timedelta(hours=72)
    """How long a message that came too early waits, unless its NotYet says otherwise."""
    catch_up: timedelta = timedelta(hours=24)
    """How long a timer waits that was past already when it was set: history told late brings its own answers."""
    max_records: int = Field(500, ge=1)
    """Records per poll, and at most in one transaction; fewer where they or their events are long (ADR 22)."""
    session_timeout_ms: int = 10_000
    """After this silence Kafka gives a process's partitions to another."""
    max_parked_per_key: int = Field(100, ge=1)
    max_parked: int = Field(100_000, ge=1)
    """Parked records in total; beyond it consumption pauses and readiness says so."""
    outbox_limit: int = Field(100_000, ge=1)
    """Unsent events beyond which commands are answered 503."""

    @field_validator("store_timezone")
    @classmethod
    def is_known(cls, zone: str) -> str:
        """It is written down at the first start, and every day, week and deadline is reckoned in it."""
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # such as Asia/Seol, ../Seoul and Asia
            raise ValueError(f"{zone!r} is no time zone; write one as the IANA does, such as Asia/Seoul") from None
        return zone
