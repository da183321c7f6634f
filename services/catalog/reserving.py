"""Stock for an order: the reservation and the products of its lines, decided together on every event of the order."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.catalog.domain.exchanges import asked
from services.catalog.domain.product import Product
from services.catalog.domain.reservation import changes, lines_to_settle, waits_for
from services.catalog.domain.settlement import settle
from services.catalog.repository import PRODUCT, RESERVATION
from shared.contracts.orders import OrderEvent
from shared.runtime.decision import Context, Decision, Documents, NotYet, Ref


def products_of(event: OrderEvent, docs: Documents) -> Iterable[Ref]:
    """Only those the order is ahead of its reservation with, or wants in exchange: most of its events move no stock."""
    if RESERVATION.ref(event.order.order_id) not in docs:
        return []
    if docs.has_any(PRODUCT):
        return []  # asked again with the products loaded: they name no further
    order = event.order
    known = docs.get(RESERVATION, order.order_id)
    moving = {change.line.line_id for change in changes(known, lines_to_settle(known, order))}
    moving |= {part.line_id for claim in asked(known, order) for part in claim.lines}
    return {PRODUCT.ref(line.product_id) for line in order.lines if line.line_id in moving}


def reserve(docs: Documents, event: OrderEvent, ctx: Context) -> Mapping[Ref, Decision[Any]]:
    """What exchanges ask for is not waited for: they are answered with what is known, and ask again with each event."""
    order = event.order
    known = docs.get(RESERVATION, order.order_id)
    found = changes(known, lines_to_settle(known, order))
    if known and not found and not asked(known, order):
        return {}
    if missing := waits_for(found, _products(docs)):
        raise NotYet(
            f"product {missing} is not known yet", waits_for=PRODUCT.ref(missing), hold_for=ctx.policy.hold_unknown
        )
    return reserve_what_is_known(docs, event, ctx)


def reserve_what_is_known(docs: Documents, event: OrderEvent, ctx: Context) -> Mapping[Ref, Decision[Any]]:
    """When the wait for a product is over: a first reservation is rejected for it, a shipment is booked without it."""
    order = event.order
    settled = settle(docs.get(RESERVATION, order.order_id), order, _products(docs), ctx)
    products = {PRODUCT.ref(id): decision for id, decision in settled.products.items()}
    return {RESERVATION.ref(order.order_id): settled.reservation, **products}


def _products(docs: Documents) -> dict[str, Product]:
    return dict(docs.of(PRODUCT))
