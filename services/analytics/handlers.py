"""Every event of an order carries its whole state, so all are read by the same function, in any order."""

from datetime import timedelta

from services.analytics.projections import GROUP, project
from services.analytics.repository import ORDER_FACTS
from shared.contracts.orders import EVENTS
from shared.runtime.handlers import Handlers

TABLE = Handlers(GROUP, topics=["orders.events"], gather=timedelta(seconds=1))
for event in EVENTS:
    TABLE.on(event, ORDER_FACTS, project=project, guarded=False)
