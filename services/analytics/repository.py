"""All that analytics knows of MongoDB."""

from pymongo import ASCENDING, IndexModel

from services.analytics.projections import LEDGER, OrderFacts
from services.analytics.rollups import COLLECTION as ROLLUPS
from shared.runtime.decision import Kind

order_facts = Kind("order_facts", "order_facts", OrderFacts.model_validate, OrderFacts.model_dump)

INDEXES = {
    LEDGER: [
        IndexModel([("event_day", ASCENDING), ("_id", ASCENDING)]),
        IndexModel([("paid_day", ASCENDING), ("_id", ASCENDING)]),
        IndexModel([("product_id", ASCENDING), ("event_day", ASCENDING), ("_id", ASCENDING)]),
    ],
    ROLLUPS: [
        IndexModel([("scope", ASCENDING), ("product_id", ASCENDING), ("month", ASCENDING)]),
        IndexModel([("scope", ASCENDING), ("month", ASCENDING)]),
    ],
}
