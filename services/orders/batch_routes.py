"""Many orders in one request: each for itself, so what is wrong with one does not hold up the others."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import Field, StringConstraints, ValidationError

from services.orders.answering import an_id, shown
from services.orders.commands import ConfirmOrder
from shared.contracts.base import Contract, Id, Utc
from shared.contracts.inbox_orders import DispatchDelayRequested, ShipmentHandedOver
from shared.contracts.order_state import DelayReason
from shared.runtime.commands import Answer, Part, answer_each
from shared.runtime.decision import Actor, Refusal
from shared.runtime.http import Caller, Runtime
from shared.runtime.problems import invalid_problem, refusal_problem

router = APIRouter()
MAX_ITEMS = 1000
OrderIds = Annotated[
    tuple[Annotated[str, StringConstraints(min_length=1, max_length=100)], ...],
    Field(min_length=1, max_length=MAX_ITEMS),
]
Told = Part | tuple[str, ValidationError]
"""An item's command, or why it is none of that order."""


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
async def confirm_orders(request: Request, runtime: Runtime, actor: Caller, body: Batch) -> JSONResponse:
    parts = [Part(id, id, ConfirmOrder.model_construct(order_id=id)) for id in dict.fromkeys(body.order_ids)]
    return await _each(request, runtime, actor, parts)


@router.post("/orders/delay")
async def delay_orders(request: Request, runtime: Runtime, actor: Caller, body: DelayBatch) -> JSONResponse:
    parts = [
        Part(id, id, DispatchDelayRequested.model_construct(order_id=id, ship_by=body.ship_by, reason=body.reason))
        for id in dict.fromkeys(body.order_ids)
    ]
    return await _each(request, runtime, actor, parts)


@router.post("/orders/ship")
async def ship_orders(request: Request, runtime: Runtime, actor: Caller, body: ShipBatch) -> JSONResponse:
    parts = [_parcel(str(n), parcel) for n, parcel in enumerate(body.parcels)]
    return await _each(request, runtime, actor, parts)


def _parcel(name: str, parcel: dict[str, Any]) -> Told:
    try:
        message = ShipmentHandedOver(**dict(Parcel.model_validate(parcel)))
    except ValidationError as wrong:
        return _named(parcel), wrong
    return Part(name, message.order_id, message)


def _named(parcel: dict[str, Any]) -> str:
    """Its order as far as an answer can repeat it: JSON may hold halves of characters that UTF-8 has not."""
    order_id = parcel.get("order_id")
    return order_id[:100].encode(errors="replace").decode() if isinstance(order_id, str) else ""


async def _each(request: Request, runtime: Runtime, actor: Actor, parts: Sequence[Told]) -> JSONResponse:
    commands = [part for part in parts if isinstance(part, Part)]
    answers = iter(await answer_each(request, runtime, commands, partial(shown, actor=actor)))
    items = [_item(part.id, next(answers)) if isinstance(part, Part) else _wrong(*part) for part in parts]
    return JSONResponse({"items": items})


def _item(order_id: str, answer: Answer) -> dict[str, Any]:
    if isinstance(answer, Refusal):
        return _problem(order_id, refusal_problem(answer))
    return {"order_id": order_id, "status": answer.status, "order": answer.body}


def _wrong(order_id: str, error: ValidationError) -> dict[str, Any]:
    return _problem(order_id, invalid_problem(error.errors(include_input=False, include_url=False)))


def _problem(order_id: str, response: JSONResponse) -> dict[str, Any]:
    return {"order_id": order_id, "status": response.status_code, "problem": json.loads(bytes(response.body))}
