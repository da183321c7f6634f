"""Many orders in one request: each for itself, so what is wrong with one does not hold up the others."""

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import Field, StringConstraints, ValidationError

from services.orders.answering import an_id, answer
from services.orders.commands import ConfirmOrder
from shared.contracts.base import Contract, Id, Utc
from shared.contracts.inbox_orders import DispatchDelayRequested, OrdersMessage, ShipmentHandedOver
from shared.contracts.orders import DelayReason
from shared.runtime.decision import Actor, Refusal
from shared.runtime.http import Caller, Runtime
from shared.runtime.problems import invalid_problem, refusal_problem

router = APIRouter()
AT_ONCE = 8
"""Orders of one batch that are decided at the same time."""
MAX_ITEMS = 1000
OrderIds = Annotated[
    tuple[Annotated[str, StringConstraints(min_length=1, max_length=100)], ...],
    Field(min_length=1, max_length=MAX_ITEMS),
]
Part = tuple[str, str, OrdersMessage | ValidationError]
"""What names the item under the request's Idempotency-Key, its order, and its command or why it is none."""


class Batch(Contract):
    order_ids: OrderIds


class DelayBatch(Batch):
    ship_by: Utc
    reason: DelayReason


class Parcel(ShipmentHandedOver):
    shipment_id: Id = an_id("shp")


class ShipBatch(Contract):
    parcels: Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=MAX_ITEMS)]
    """Each as `ShipmentHandedOver`; looked at one by one."""


@router.post("/orders/confirm")
async def confirm_orders(request: Request, runtime: Runtime, actor: Caller, body: Batch) -> dict[str, Any]:
    parts: list[Part] = [(id, id, ConfirmOrder.model_construct(order_id=id)) for id in dict.fromkeys(body.order_ids)]
    return await _each(request, runtime, actor, parts)


@router.post("/orders/delay")
async def delay_orders(request: Request, runtime: Runtime, actor: Caller, body: DelayBatch) -> dict[str, Any]:
    parts: list[Part] = [
        (id, id, DispatchDelayRequested.model_construct(order_id=id, ship_by=body.ship_by, reason=body.reason))
        for id in dict.fromkeys(body.order_ids)
    ]
    return await _each(request, runtime, actor, parts)


@router.post("/orders/ship")
async def ship_orders(request: Request, runtime: Runtime, actor: Caller, body: ShipBatch) -> dict[str, Any]:
    parts = [(str(n), str(parcel.get("order_id", "")), _parcel(parcel)) for n, parcel in enumerate(body.parcels)]
    return await _each(request, runtime, actor, parts)


def _parcel(parcel: dict[str, Any]) -> OrdersMessage | ValidationError:
    try:
        return ShipmentHandedOver(**dict(Parcel.model_validate(parcel)))
    except ValidationError as wrong:
        return wrong


async def _each(request: Request, runtime: Runtime, actor: Actor, parts: Sequence[Part]) -> dict[str, Any]:
    async def act(part: Part) -> dict[str, Any]:
        name, order_id, message = part
        try:
            response = await _one(request, runtime, actor, message, name)
        except Refusal as refusal:
            response = refusal_problem(refusal)
        content = "order" if response.status_code == 200 else "problem"
        return {"order_id": order_id, "status": response.status_code, content: json.loads(bytes(response.body))}

    items: list[dict[str, Any]] = []
    for start in range(0, len(parts), AT_ONCE):
        items += await asyncio.gather(*map(act, parts[start : start + AT_ONCE]))
    return {"items": items}


async def _one(
    request: Request, runtime: Runtime, actor: Actor, message: OrdersMessage | ValidationError, name: str
) -> Any:
    if isinstance(message, ValidationError):
        response: JSONResponse = invalid_problem(message.errors(include_input=False, include_url=False))
        return response
    return await answer(request, runtime, actor, message, part=name)
