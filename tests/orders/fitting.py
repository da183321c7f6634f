"""Messages that an order can take where it stands: what leads a random life far from its start."""

from collections.abc import Callable
from datetime import timedelta

from services.orders.commands import (
    ChangeRecipient,
    ConfirmOrder,
    ConvertToReturn,
    DecidePurchase,
    FinishExchange,
    HoldClaim,
    ReleaseClaim,
    RetryRefund,
)
from services.orders.domain.amounts import left
from services.orders.domain.arriving import parcels
from services.orders.domain.moves import MOVES, STEPS, Move
from services.orders.domain.order import free, unshipped, with_customer
from shared.contracts.inbox_orders import ClaimDecision, OrdersMessage, Recipient
from shared.contracts.order_state import ClaimType, HoldReason, LineState, OrderState, Reason, RefundStatus
from tests.orders.given import (
    BUYER,
    ID,
    SELLER,
    Units,
    cancel,
    collected,
    decided,
    delivered,
    exchange,
    goodwill,
    paid,
    picked_up,
    postponed,
    refunded,
    replaced,
    sent_back,
    shipped,
    tracked,
    won,
)
from tests.support.memory import T0


def fitting(state: OrderState, chosen: int, detail: int) -> tuple[str, OrdersMessage] | None:
    """Who does what; None where nobody can do anything."""
    actors = ("system:/test", SELLER, BUYER)
    open_to = [
        (actor, move)
        for move, (who, guard) in MOVES.items()
        for actor in actors
        if (role := actor.partition(":")[0]) in who and guard(state, role) is None
    ]
    if not open_to:
        return None
    actor, move = open_to[chosen % len(open_to)]
    return actor, MESSAGES[move](state, detail, _claim_for(state, move, actor.partition(":")[0]))


def _claim_for(state: OrderState, move: Move, role: str) -> str:
    """The one to take a step with, or a new one."""
    if move not in STEPS:
        return f"clm_{len(state.claims)}"
    return next(claim.claim_id for claim in state.claims if STEPS[move][1].is_open_to(claim, role))


def _one_of(state: OrderState, available: Callable[[LineState], int], detail: int) -> Units:
    lines = [line for line in state.lines if available(line) > 0]
    line = lines[detail % len(lines)]
    return {line.line_id: detail % available(line) + 1}


def _under_way(state: OrderState) -> str:
    return next(parcel.shipment_id for parcel in parcels(state) if parcel.delivered_at is None)


def _a_refund(state: OrderState, status: RefundStatus) -> str:
    return next(refund.refund_id for refund in state.refunds if refund.status is status)


def _new(state: OrderState, prefix: str) -> str:
    return f"{prefix}_{len(parcels(state))}_{len(state.refunds)}"


def _return(state: OrderState, n: int, claim: str) -> OrdersMessage:
    return sent_back(claim, _one_of(state, with_customer, n), reason=[Reason.BROKEN, Reason.ETC][n % 2])


def _release(state: OrderState, n: int, claim: str) -> OrdersMessage:
    exchange = any(known.claim_id == claim and known.type is ClaimType.EXCHANGE for known in state.claims)
    return ReleaseClaim(order_id=ID, claim_id=claim, charge_settled=exchange or n % 2 == 0)


def _some_money(state: OrderState) -> OrdersMessage:
    remains = left(state)
    goods = {line_id: 1 for line_id, amount in remains.goods.items() if amount}
    return goodwill(_new(state, "rfd"), dict([*goods.items()][:1]), shipping=0 if goods else 1)


Write = Callable[[OrderState, int, str], OrdersMessage]
"""A message for an order, some detail of it and a claim's id."""
MESSAGES: dict[Move, Write] = {
    Move.PAY: lambda state, n, _: paid(state.amount_due.amount, f"pay_{len(state.payments)}"),
    Move.CONFIRM: lambda *_: ConfirmOrder(order_id=ID),
    Move.DELAY: lambda state, n, _: postponed((state.ship_by or T0) + timedelta(days=50 + n)),
    Move.CHANGE_RECIPIENT: lambda state, n, _: ChangeRecipient(
        order_id=ID, recipient=Recipient(name="Hong Gildong", address=f"Jong-ro {n}")
    ),
    Move.SHIP: lambda state, n, _: shipped(_new(state, "shp"), _one_of(state, unshipped, n), withdraw=True),
    Move.CORRECT_TRACKING: lambda state, n, _: tracked(f"T-{n}", _under_way(state)),
    Move.DELIVER: lambda state, n, _: delivered(_under_way(state)),
    Move.DECIDE_PURCHASE: lambda *_: DecidePurchase(order_id=ID),
    Move.REQUEST_CANCEL: lambda state, n, claim: cancel(claim, _one_of(state, free, n)),
    Move.APPROVE_CANCEL: lambda state, n, claim: decided(ClaimDecision.APPROVED, claim),
    Move.REJECT_CANCEL: lambda state, n, claim: decided(ClaimDecision.REJECTED, claim),
    Move.WITHDRAW_CANCEL: lambda state, n, claim: decided(ClaimDecision.WITHDRAWN, claim),
    Move.REQUEST_RETURN: _return,
    Move.REQUEST_EXCHANGE: lambda state, n, claim: exchange(claim, _one_of(state, with_customer, n)),
    Move.START_PICKUP: lambda state, n, claim: picked_up(claim),
    Move.COLLECT: lambda state, n, claim: collected(claim),
    Move.HOLD_CLAIM: lambda state, n, claim: HoldClaim(
        order_id=ID, claim_id=claim, reason=HoldReason.ETC, charge=won(n * 100)
    ),
    Move.RELEASE_CLAIM: _release,
    Move.APPROVE_RETURN: lambda state, n, claim: decided(ClaimDecision.APPROVED, claim, waive_pickup=True),
    Move.REJECT_RETURN: lambda state, n, claim: decided(ClaimDecision.REJECTED, claim),
    Move.WITHDRAW_RETURN: lambda state, n, claim: decided(ClaimDecision.WITHDRAWN, claim),
    Move.SEND_REPLACEMENT: lambda state, n, claim: replaced(claim, _new(state, "rep")),
    Move.FINISH_EXCHANGE: lambda state, n, claim: FinishExchange(order_id=ID, claim_id=claim),
    Move.REJECT_EXCHANGE: lambda state, n, claim: decided(ClaimDecision.REJECTED, claim),
    Move.WITHDRAW_EXCHANGE: lambda state, n, claim: decided(ClaimDecision.WITHDRAWN, claim),
    Move.CONVERT_TO_RETURN: lambda state, n, claim: ConvertToReturn(order_id=ID, claim_id=claim),
    Move.REFUND: lambda state, n, _: _some_money(state),
    Move.ANSWER_REFUND: lambda state, n, _: refunded(refund_id=_a_refund(state, RefundStatus.REQUESTED)),
    Move.RETRY_REFUND: lambda state, n, _: RetryRefund(order_id=ID, refund_id=_a_refund(state, RefundStatus.FAILED)),
}
