"""HTTP of claims and refunds."""

from fastapi import APIRouter, Request, Response

from services.orders.answering import OrderView, an_id, answer
from services.orders.commands import ConvertToReturn, FinishExchange, HoldClaim, ReleaseClaim, RetryRefund
from shared.contracts.base import Code, Contract, Id, NonNegativeMoney
from shared.contracts.inbox_orders import (
    ClaimDecided,
    ClaimDecision,
    ClaimParts,
    ClaimSubmitted,
    CollectedLines,
    GoodwillLines,
    ParcelCollected,
    PickupStarted,
    RefundDeclined,
    RefundPaid,
    RefundSubmitted,
    ShipmentHandedOver,
)
from shared.contracts.order_state import ClaimType, HoldReason, Reason
from shared.runtime.http import Caller, Runtime

router = APIRouter()


class NewClaim(Contract):
    claim_id: Id = an_id("clm")
    type: ClaimType
    lines: ClaimParts | None = None
    reason: Reason
    decided: bool = False


class NewDecision(Contract):
    decision: ClaimDecision
    waive_pickup: bool = False


class NewPickup(Contract):
    carrier: Code | None = None
    tracking_no: Code | None = None


class NewInspection(Contract):
    lines: CollectedLines | None = None


class NewHold(Contract):
    reason: HoldReason
    charge: NonNegativeMoney | None = None


class EndOfHold(Contract):
    charge_settled: bool = False


class NewRefund(Contract):
    refund_id: Id = an_id("rfd")
    reason: Code
    lines: GoodwillLines = ()
    shipping_amount: NonNegativeMoney


class RefundResult(Contract):
    error_code: Code | None = None
    """Why it failed; without it the money is with the customer."""


@router.post("/orders/{id}/claims", response_model=OrderView)
async def open_claim(request: Request, runtime: Runtime, actor: Caller, id: Id, body: NewClaim) -> Response:
    """Without lines everything is meant that can still be cancelled, or sent back."""
    return await answer(request, runtime, actor, ClaimSubmitted(order_id=id, **dict(body)))


@router.post("/orders/{id}/claims/{claim_id}/decision", response_model=OrderView)
async def decide_claim(
    request: Request, runtime: Runtime, actor: Caller, id: Id, claim_id: Id, body: NewDecision
) -> Response:
    return await answer(request, runtime, actor, ClaimDecided(order_id=id, claim_id=claim_id, **dict(body)))


@router.post("/orders/{id}/claims/{claim_id}/pickup", response_model=OrderView)
async def start_pickup(
    request: Request, runtime: Runtime, actor: Caller, id: Id, claim_id: Id, body: NewPickup
) -> Response:
    return await answer(request, runtime, actor, PickupStarted(order_id=id, claim_id=claim_id, **dict(body)))


@router.post("/orders/{id}/claims/{claim_id}/collected", response_model=OrderView)
async def collect(
    request: Request, runtime: Runtime, actor: Caller, id: Id, claim_id: Id, body: NewInspection
) -> Response:
    """Without lines all that was asked back is good."""
    return await answer(request, runtime, actor, ParcelCollected(order_id=id, claim_id=claim_id, **dict(body)))


@router.post("/orders/{id}/claims/{claim_id}/hold", response_model=OrderView)
async def hold_claim(
    request: Request, runtime: Runtime, actor: Caller, id: Id, claim_id: Id, body: NewHold
) -> Response:
    return await answer(request, runtime, actor, HoldClaim(order_id=id, claim_id=claim_id, **dict(body)))


@router.post("/orders/{id}/claims/{claim_id}/release", response_model=OrderView)
async def release_claim(
    request: Request, runtime: Runtime, actor: Caller, id: Id, claim_id: Id, body: EndOfHold
) -> Response:
    return await answer(request, runtime, actor, ReleaseClaim(order_id=id, claim_id=claim_id, **dict(body)))


class NewReplacement(Contract):
    shipment_id: Id = an_id("shp")
    carrier: Code
    tracking_no: Code


@router.post("/orders/{id}/claims/{claim_id}/replacement", response_model=OrderView)
async def send_replacement(
    request: Request, runtime: Runtime, actor: Caller, id: Id, claim_id: Id, body: NewReplacement
) -> Response:
    return await answer(request, runtime, actor, ShipmentHandedOver(order_id=id, claim_id=claim_id, **dict(body)))


@router.post("/orders/{id}/claims/{claim_id}/finish", response_model=OrderView)
async def finish_exchange(request: Request, runtime: Runtime, actor: Caller, id: Id, claim_id: Id) -> Response:
    return await answer(request, runtime, actor, FinishExchange(order_id=id, claim_id=claim_id))


@router.post("/orders/{id}/claims/{claim_id}/convert", response_model=OrderView)
async def convert_to_return(request: Request, runtime: Runtime, actor: Caller, id: Id, claim_id: Id) -> Response:
    return await answer(request, runtime, actor, ConvertToReturn(order_id=id, claim_id=claim_id))


@router.post("/orders/{id}/refunds", response_model=OrderView)
async def give_goodwill(request: Request, runtime: Runtime, actor: Caller, id: Id, body: NewRefund) -> Response:
    return await answer(request, runtime, actor, RefundSubmitted(order_id=id, **dict(body)))


@router.post("/orders/{id}/refunds/{refund_id}/result", response_model=OrderView)
async def record_refund_result(
    request: Request, runtime: Runtime, actor: Caller, id: Id, refund_id: Id, body: RefundResult
) -> Response:
    if body.error_code is None:
        return await answer(request, runtime, actor, RefundPaid(order_id=id, refund_id=refund_id))
    message = RefundDeclined(order_id=id, refund_id=refund_id, error_code=body.error_code)
    return await answer(request, runtime, actor, message)


@router.post("/orders/{id}/refunds/{refund_id}/retry", response_model=OrderView)
async def retry_refund(request: Request, runtime: Runtime, actor: Caller, id: Id, refund_id: Id) -> Response:
    return await answer(request, runtime, actor, RetryRefund(order_id=id, refund_id=refund_id))
