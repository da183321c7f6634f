"""Analytics: `python -m services.analytics.app`."""

from services.analytics.handlers import TABLE
from services.analytics.repository import INDEXES, ORDER_FACTS
from services.analytics.routes import router
from services.analytics.settings import Settings
from shared.runtime.service import Service, run


def build(settings: Settings) -> Service:
    return Service("analytics", settings, tables=[TABLE], kinds=[ORDER_FACTS], routers=[router], indexes=INDEXES)


if __name__ == "__main__":
    run(build, Settings)
