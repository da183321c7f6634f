"""The orders service: `python -m services.orders.app`."""

from services.orders.handlers import TABLE
from services.orders.repository import CLIENT_ORDER, INDEXES, ORDER
from services.orders.routes import router
from services.orders.settings import Settings
from shared.runtime.service import Service, run


def build(settings: Settings) -> Service:
    return Service("orders", settings, tables=[TABLE], kinds=[ORDER, CLIENT_ORDER], routers=[router], indexes=INDEXES)


if __name__ == "__main__":
    run(build(Settings()))
