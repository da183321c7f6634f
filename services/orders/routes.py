"""HTTP of the orders service: what people do goes through the table of `handlers.py`, as messages of the inbox do."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from services.orders.answering import OrderPage, OrderView, an_id, answer, shown, view
from services.orders.commands import ChangeRecipient, ConfirmOrder, DecidePurchase
from services.orders.repository import NEWEST_FIRST, ORDER, how_many, index_for, orders_where
from shared.contracts.base import Code, Contract, Id, NonNegativeMoney, Utc
from shared.contracts.inbox_orders import (
    DispatchDelayRequested,
    OrderSubmitted,
    Parts,
    PaymentCaptured,
    PaymentDeclined,
    Recipient,
    ShipmentDelivered,
    ShipmentHandedOver,
    TrackingChanged,
)
from shared.contracts.order_state import ClaimStatus, ClaimType, DelayReason, OrderStatus, StockStatus
from shared.runtime.errors import NotFound
from shared.runtime.http import Caller, Runtime, etag, not_modified
from shared.runtime.paging import Cursor, Limit, paginate

router = APIRouter()


# -- placing and paying ------------------------------------------------------------------------------------------------


class NewOrder(OrderSubmitted):
    order_id: Id = an_id("ord")


class NewPayment(Contract):
    payment_id: Id = an_id("pay")
    amount: NonNegativeMoney
    method: Code | None = None
    error_code: Code | None = None
    """Why the attempt failed; without it the money came."""


@router.post("/orders", status_code=201, response_model=OrderView)
async def place_order(request: Request, runtime: Runtime, actor: Caller, body: NewOrder) -> Response:
    return await answer(request, runtime, actor, OrderSubmitted(**dict(body)), status=201)


@router.post("/orders/{id}/payments", response_model=OrderView)
async def record_payment(request: Request, runtime: Runtime, actor: Caller, id: Id, body: NewPayment) -> Response:
    """Money that came, or did not, past every provider: a bank transfer."""
    told = body.model_dump(exclude={"error_code"}) | {"order_id": id}
    if body.error_code is None:
        return await answer(request, runtime, actor, PaymentCaptured(**told))
    return await answer(request, runtime, actor, PaymentDeclined(**told, error_code=body.error_code))


# -- confirming --------------------------------------------------------------------------------------------------------


@router.post("/orders/{id}/confirm", response_model=OrderView)
async def confirm_order(request: Request, runtime: Runtime, actor: Caller, id: Id) -> Response:
    return await answer(request, runtime, actor, ConfirmOrder(order_id=id))


class NewPromise(Contract):
    ship_by: Utc
    reason: DelayReason


@router.post("/orders/{id}/delays", response_model=OrderView)
async def delay_dispatch(request: Request, runtime: Runtime, actor: Caller, id: Id, body: NewPromise) -> Response:
    """발송지연: the promise to ship moves to a later moment."""
    return await answer(request, runtime, actor, DispatchDelayRequested(order_id=id, **dict(body)))


@router.put("/orders/{id}/recipient", response_model=OrderView)
async def change_recipient(request: Request, runtime: Runtime, actor: Caller, id: Id, body: Recipient) -> Response:
    return await answer(request, runtime, actor, ChangeRecipient(order_id=id, recipient=body))


# -- shipping ----------------------------------------------------------------------------------------------------------


class NewTracking(Contract):
    carrier: Code
    tracking_no: Code


class NewShipment(NewTracking):
    shipment_id: Id = an_id("shp")
    lines: Parts | None = None
    withdraw_cancel_request: bool = False


@router.post("/orders/{id}/shipments", response_model=OrderView)
async def ship(request: Request, runtime: Runtime, actor: Caller, id: Id, body: NewShipment) -> Response:
    """Without lines everything that still has to be sent is in the parcel."""
    return await answer(request, runtime, actor, ShipmentHandedOver(order_id=id, **dict(body)))


@router.post("/orders/{id}/shipments/{shipment_id}/tracking", response_model=OrderView)
async def correct_tracking(
    request: Request, runtime: Runtime, actor: Caller, id: Id, shipment_id: Id, body: NewTracking
) -> Response:
    message = TrackingChanged(order_id=id, shipment_id=shipment_id, **dict(body))
    return await answer(request, runtime, actor, message)


@router.post("/orders/{id}/shipments/{shipment_id}/delivered", response_model=OrderView)
async def deliver(request: Request, runtime: Runtime, actor: Caller, id: Id, shipment_id: Id) -> Response:
    return await answer(request, runtime, actor, ShipmentDelivered(order_id=id, shipment_id=shipment_id))


@router.post("/orders/{id}/decide", response_model=OrderView)
async def decide_purchase(request: Request, runtime: Runtime, actor: Caller, id: Id) -> Response:
    """구매확정: the buyer keeps what has arrived."""
    return await answer(request, runtime, actor, DecidePurchase(order_id=id))


# -- reading -----------------------------------------------------------------------------------------------------------


@router.get("/orders", response_model=OrderPage)
async def list_orders(
    runtime: Runtime,
    actor: Caller,
    status: OrderStatus | None = None,
    stock: StockStatus | None = None,
    customer_id: Id | None = None,
    product_id: Id | None = None,
    overdue: bool = False,
    claim_type: ClaimType | None = None,
    claim_status: ClaimStatus | None = None,
    placed_from: Annotated[Utc | None, Query(alias="from")] = None,
    placed_before: Annotated[Utc | None, Query(alias="to", description="not included")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Newest first."""
    wanted = orders_where(
        status=status,
        stock=stock,
        customer_id=customer_id,
        product_id=product_id,
        overdue=overdue,
        claim_type=claim_type,
        claim_status=claim_status,
        placed_from=placed_from,
        placed_before=placed_before,
    )
    orders = runtime.collection(ORDER.collection)
    page = await paginate(orders, wanted, sort=NEWEST_FIRST, limit=limit, cursor=cursor, index=index_for(wanted))
    items = tuple(view(ORDER.load(document), actor) for document in page.items)
    listed = OrderPage.model_construct(items=items, next_cursor=page.next_cursor)
    return Response(listed.model_dump_json(), media_type="application/json")


@router.get("/orders/counts")
async def count_orders(runtime: Runtime) -> dict[OrderStatus, int]:
    """How many orders stand where. Each status is counted at its own moment: an order that moves just then may be in
    both that it moves between, or in neither."""
    database = runtime.collection(ORDER.collection).database
    counted = await asyncio.gather(*(database.command(how_many(status)) for status in OrderStatus))
    return {status: answer["n"] for status, answer in zip(OrderStatus, counted, strict=True)}


@router.get("/orders/{id}", response_model=OrderView)
async def read_order(request: Request, runtime: Runtime, actor: Caller, id: Id) -> Response:
    """The ETag changes with whatever is written of the order: that its recipient is erased no event tells."""
    stored = await runtime.store.get(ORDER, id)
    if stored is None or stored.state is None:
        raise NotFound(f"order {id} is not known")
    tag = etag(stored.revision, stored.version)
    if not_modified(request, tag):
        return Response(status_code=304, headers={"ETag": tag})
    return JSONResponse(shown(stored.state, actor), headers={"ETag": tag})
