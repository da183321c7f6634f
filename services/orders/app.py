"""The orders service: `python -m services.orders.app`."""

from services.orders import batch_routes, claim_routes, erasure_routes, file_routes, routes, timeline_routes
from services.orders.handlers import TABLE
from services.orders.repository import CLIENT_ORDER, INDEXES, ORDER
from services.orders.settings import Settings
from shared.runtime.personal import ERASED
from shared.runtime.service import Service, run


def build(settings: Settings) -> Service:
    return Service(
        "orders",
        settings,
        tables=[TABLE],
        kinds=[ORDER, CLIENT_ORDER, ERASED],
        routers=[
            file_routes.router,  # before /orders/{id}
            routes.router,
            batch_routes.router,
            claim_routes.router,
            timeline_routes.router,
            erasure_routes.router,
        ],
        indexes=INDEXES,
    )


if __name__ == "__main__":
    run(build, Settings)
