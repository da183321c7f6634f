"""Messages that an order can take where it stands: what leads a random life far from its start."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from itertools import count

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
from services.orders.domain.moves import STEPS, Move, allowed_actions
from services.orders.domain.options import options_with_customer
from services.orders.domain.order import free, unshipped, with_customer
from shared.contracts.inbox_orders import (
    ClaimDecided,
    ClaimDecision,
    ClaimSubmitted,
    OrdersMessage,
    Recipient,
    ShipmentHandedOver,
)
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
    refund_failed,
    refunded,
    replaced,
    sent_back,
    shipped,
    tracked,
    won,
)
from tests.support.memory import T0


def open_moves(state: OrderState) -> Mapping[str, list[str]]:
    """What can be done now, and by whom."""
    allowed = {actor: allowed_actions(state, actor.partition(":")[0]) for actor in ("system:/test", SELLER, BUYER)}
    open_to: dict[str, list[str]] = {
        move: [actor for actor, moves in allowed.items() if move in moves] for move in Move
    }
    return {move: actors for move, actors in open_to.items() if actors}


def fitting(state: OrderState, actor: str, move: str, detail: int) -> OrdersMessage:
    return MESSAGES[Move(move)](state, detail, _claim_for(state, Move(move), actor.partition(":")[0]))


def move_of(message: OrdersMessage, state: OrderState) -> str:
    """What a message asks for; what is decided of a claim depends on what the claim is."""
    if isinstance(message, ClaimSubmitted):
        return f"request_{message.type.lower()}"
    if isinstance(message, ClaimDecided):
        types = [claim.type.lower() for claim in state.claims if claim.claim_id == message.claim_id]
        return f"{VERBS[message.decision]}_{'_'.join(types)}"
    return MOVES_OF[type(message)]


def _claim_for(state: OrderState, move: Move, role: str) -> str:
    """The one to take a step with, or a new one."""
    if move not in STEPS:
        return _free("clm", [claim.claim_id for claim in state.claims])
    return next(claim.claim_id for claim in state.claims if STEPS[move][1].is_open_to(claim, role))


def _one_of(state: OrderState, available: Callable[[LineState], int], detail: int) -> Units:
    lines = [line for line in state.lines if available(line) > 0]
    line = lines[detail % len(lines)]
    return {line.line_id: detail % available(line) + 1}


def _under_way(state: OrderState) -> str:
    return next(parcel.shipment_id for parcel in parcels(state) if parcel.delivered_at is None)


def _a_refund(state: OrderState, status: RefundStatus) -> str:
    """One that is still owed."""
    found = [refund for refund in state.refunds if refund.status is status]
    return next(r.refund_id for r in found if status is RefundStatus.REQUESTED or left(state).exceeded(r) is None)


def _free(prefix: str, taken: Collection[str]) -> str:
    return next(id for n in count() if (id := f"{prefix}_{n}") not in taken)


def _new_parcel(state: OrderState) -> str:
    return _free("shp", [parcel.shipment_id for parcel in parcels(state)])


def _later_promise(state: OrderState, detail: int) -> datetime:
    """Later than what is promised, and than any test lasts."""
    return max(state.ship_by or T0, T0 + timedelta(days=365)) + timedelta(minutes=1 + detail % 10_000)


def _of_one_option(state: OrderState, detail: int) -> Units:
    def available(line: LineState) -> int:
        return max(options_with_customer(state, line).values()) if with_customer(line) > 0 else 0

    return _one_of(state, available, detail)


def _option(state: OrderState, wanted: Units, detail: int) -> str | None:
    """The one that most units of the line are of, or none named."""
    [line] = [line for line in state.lines if line.line_id in wanted]
    [(option, _)] = options_with_customer(state, line).most_common(1)
    return option if detail % 3 else None


def _send_back(state: OrderState, n: int, claim: str) -> OrdersMessage:
    wanted = _of_one_option(state, n)
    return sent_back(claim, wanted, _option(state, wanted, n), reason=Reason.BROKEN)


def _exchange(state: OrderState, n: int, claim: str) -> OrdersMessage:
    wanted = _of_one_option(state, n)
    return exchange(claim, wanted, option=_option(state, wanted, n), reason=Reason.BROKEN)


def _release(state: OrderState, n: int, claim: str) -> OrdersMessage:
    exchange = any(known.claim_id == claim and known.type is ClaimType.EXCHANGE for known in state.claims)
    return ReleaseClaim(order_id=ID, claim_id=claim, charge_settled=exchange or n % 2 == 0)


def _some_money(state: OrderState) -> OrdersMessage:
    remains = left(state)
    goods = {line_id: 1 for line_id, amount in remains.goods.items() if amount}
    return goodwill(
        _free("rfd", [refund.refund_id for refund in state.refunds]),
        dict([*goods.items()][:1]),
        shipping=0 if goods else 1,
    )


def _all_the_money(state: OrderState) -> OrdersMessage:
    remains = left(state)
    return goodwill(_free("rfd", [refund.refund_id for refund in state.refunds]), remains.goods, remains.shipping)


Attempt = Callable[[OrderState, str], OrdersMessage]
ATTEMPTS: list[Attempt] = [
    lambda _, refund_id: refund_failed(refund_id=refund_id),
    lambda _, refund_id: refunded(refund_id=refund_id),
    lambda _, refund_id: RetryRefund(order_id=ID, refund_id=refund_id),
    lambda state, _: _all_the_money(state),
]
"""What may become of a refund, whether it fits or not: the last gives its money to another."""
VERBS = {
    ClaimDecision.APPROVED: "approve",
    ClaimDecision.REJECTED: "reject",
    ClaimDecision.WITHDRAWN: "withdraw",
}
MOVES_OF: dict[type[OrdersMessage], Move] = {
    ConfirmOrder: Move.CONFIRM,
    DecidePurchase: Move.DECIDE_PURCHASE,
    ChangeRecipient: Move.CHANGE_RECIPIENT,
    ShipmentHandedOver: Move.SHIP,
    HoldClaim: Move.HOLD_CLAIM,
    ReleaseClaim: Move.RELEASE_CLAIM,
    ConvertToReturn: Move.CONVERT_TO_RETURN,
    FinishExchange: Move.FINISH_EXCHANGE,
    RetryRefund: Move.RETRY_REFUND,
}
Write = Callable[[OrderState, int, str], OrdersMessage]
"""A message for an order, some detail of it and a claim's id."""
MESSAGES: dict[Move, Write] = {
    Move.PAY: lambda state, n, _: paid(
        state.amount_due.amount, _free("pay", [payment.payment_id for payment in state.payments])
    ),
    Move.CONFIRM: lambda *_: ConfirmOrder(order_id=ID),
    Move.DELAY: lambda state, n, _: postponed(_later_promise(state, n)),
    Move.CHANGE_RECIPIENT: lambda state, n, _: ChangeRecipient(
        order_id=ID, recipient=Recipient(name="Hong Gildong", address=f"Jong-ro {n}")
    ),
    Move.SHIP: lambda state, n, _: shipped(_new_parcel(state), _one_of(state, unshipped, n), withdraw=True),
    Move.CORRECT_TRACKING: lambda state, n, _: tracked(f"T-new-{n}", _under_way(state)),
    Move.DELIVER: lambda state, n, _: delivered(_under_way(state)),
    Move.DECIDE_PURCHASE: lambda *_: DecidePurchase(order_id=ID),
    Move.REQUEST_CANCEL: lambda state, n, claim: cancel(claim, _one_of(state, free, n)),
    Move.APPROVE_CANCEL: lambda state, n, claim: decided(ClaimDecision.APPROVED, claim),
    Move.REJECT_CANCEL: lambda state, n, claim: decided(ClaimDecision.REJECTED, claim),
    Move.WITHDRAW_CANCEL: lambda state, n, claim: decided(ClaimDecision.WITHDRAWN, claim),
    Move.REQUEST_RETURN: _send_back,
    Move.REQUEST_EXCHANGE: _exchange,
    Move.START_PICKUP: lambda state, n, claim: picked_up(claim, f"R-new-{n}"),
    Move.COLLECT: lambda state, n, claim: collected(claim),
    Move.HOLD_CLAIM: lambda state, n, claim: HoldClaim(
        order_id=ID, claim_id=claim, reason=HoldReason.ETC, charge=won(n * 100)
    ),
    Move.RELEASE_CLAIM: _release,
    Move.APPROVE_RETURN: lambda state, n, claim: decided(ClaimDecision.APPROVED, claim, waive_pickup=True),
    Move.REJECT_RETURN: lambda state, n, claim: decided(ClaimDecision.REJECTED, claim),
    Move.WITHDRAW_RETURN: lambda state, n, claim: decided(ClaimDecision.WITHDRAWN, claim),
    Move.SEND_REPLACEMENT: lambda state, n, claim: replaced(claim, _new_parcel(state)),
    Move.FINISH_EXCHANGE: lambda state, n, claim: FinishExchange(order_id=ID, claim_id=claim),
    Move.REJECT_EXCHANGE: lambda state, n, claim: decided(ClaimDecision.REJECTED, claim),
    Move.WITHDRAW_EXCHANGE: lambda state, n, claim: decided(ClaimDecision.WITHDRAWN, claim),
    Move.CONVERT_TO_RETURN: lambda state, n, claim: ConvertToReturn(order_id=ID, claim_id=claim),
    Move.REFUND: lambda state, n, _: _some_money(state),
    Move.ANSWER_REFUND: lambda state, n, _: (refund_failed if n % 3 == 0 else refunded)(
        refund_id=_a_refund(state, RefundStatus.REQUESTED)
    ),
    Move.RETRY_REFUND: lambda state, n, _: RetryRefund(order_id=ID, refund_id=_a_refund(state, RefundStatus.FAILED)),
}
