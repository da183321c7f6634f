"""The toy bank as a process of its own: `python -m tests.faults.bank_service`."""

from pydantic_settings import SettingsConfigDict

from shared.runtime.service import Service, run
from shared.runtime.settings import ServiceSettings
from tests.runtime.bank import ACCOUNT, BANK, COUNTER, TURNOVER
from tests.runtime.bank_routes import router


class BankSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="BANK_", frozen=True)

    repaired: bool = False
    """Whether the bug in `break_down` is fixed."""


def build(settings: BankSettings) -> Service:
    return Service("bank", settings, tables=[BANK, COUNTER], kinds=[ACCOUNT, TURNOVER], routers=[router])


if __name__ == "__main__":
    run(build(BankSettings()))
