"""The catalog service: `python -m services.catalog.app`."""

from services.catalog.file_routes import router as file_router
from services.catalog.handlers import TABLE
from services.catalog.repository import INDEXES, PRODUCT, RESERVATION
from services.catalog.routes import router
from services.catalog.settings import Settings
from shared.runtime.service import Service, run


def build(settings: Settings) -> Service:
    return Service(
        "catalog",
        settings,
        tables=[TABLE],
        kinds=[PRODUCT, RESERVATION],
        routers=[router, file_router],
        indexes=INDEXES,
    )


if __name__ == "__main__":
    run(build, Settings)
