"""The inquiries service: `python -m services.inquiries.app`."""

from services.inquiries import erasure_routes
from services.inquiries.handlers import TABLE
from services.inquiries.repository import INDEXES, INQUIRY, ORDER_CARD, PRODUCT_CARD
from services.inquiries.routes import router
from services.inquiries.settings import Settings
from shared.runtime.personal import ERASED
from shared.runtime.service import Service, run


def build(settings: Settings) -> Service:
    return Service(
        "inquiries",
        settings,
        tables=[TABLE],
        kinds=[INQUIRY, ORDER_CARD, PRODUCT_CARD, ERASED],
        routers=[router, erasure_routes.router],
        indexes=INDEXES,
    )


if __name__ == "__main__":
    run(build, Settings)
