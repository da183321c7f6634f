"""The catalog service: `python -m services.catalog.app`."""

from services.catalog.handlers import TABLE
from services.catalog.import_routes import router as import_router
from services.catalog.repository import INDEXES, product, reservation
from services.catalog.routes import router
from services.catalog.settings import Settings
from shared.runtime.service import Service, run


def build(settings: Settings) -> Service:
    return Service(
        "catalog",
        settings,
        tables=[TABLE],
        kinds=[product, reservation],
        routers=[router, import_router],
        indexes=INDEXES,
    )


if __name__ == "__main__":
    run(build(Settings()))
