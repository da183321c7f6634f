"""What the catalog answers: products from their owners, stock for every order."""

from datetime import timedelta

from services.catalog.commands import EditProduct, ImportProduct, RemoveProduct
from services.catalog.domain.counting import count
from services.catalog.domain.editing import bring_in, edit, remove, submit
from services.catalog.repository import PRODUCT, RESERVATION
from services.catalog.reserving import products_of, reserve, reserve_what_is_known
from shared.contracts.inbox_catalog import ProductSubmitted, StockCounted
from shared.contracts.orders import EVENTS as ORDER_EVENTS
from shared.runtime.handlers import Handlers

TABLE = Handlers(
    "catalog", topics=["catalog.inbox", "orders.events"], lease="stock", gather=timedelta(milliseconds=400)
)

TABLE.on(ProductSubmitted, PRODUCT, create=submit)
TABLE.on(StockCounted, PRODUCT, decide=count)
TABLE.on(ImportProduct, PRODUCT, create=bring_in, edit=True)
TABLE.on(EditProduct, PRODUCT, decide=edit, edit=True)
TABLE.on(RemoveProduct, PRODUCT, decide=remove, edit=True)

for order_event in ORDER_EVENTS:
    TABLE.on(order_event, RESERVATION, several=reserve, refs=products_of, on_expiry=reserve_what_is_known)
