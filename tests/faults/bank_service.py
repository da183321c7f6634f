"""The toy bank as a process of its own: `python -m tests.faults.bank_service`."""

from shared.runtime.service import Service, run
from tests.runtime.bank import ACCOUNT, BANK, COUNTER, TURNOVER, BankSettings
from tests.runtime.bank_routes import router


def build(settings: BankSettings) -> Service:
    return Service("bank", settings, tables=[BANK, COUNTER], kinds=[ACCOUNT, TURNOVER], routers=[router])


if __name__ == "__main__":
    run(build, BankSettings)
