"""What a person asks over HTTP and no other system tells. Decided by the same table as the inbox."""

from shared.contracts.base import Id, NonNegativeMoney
from shared.contracts.inbox_orders import OrdersMessage, Recipient
from shared.contracts.order_state import HoldReason


class ConfirmOrder(OrdersMessage):
    """발주확인: the seller takes the order on and promises to ship it."""


class DecidePurchase(OrdersMessage):
    """구매확정: the buyer keeps what has arrived."""


class HoldClaim(OrdersMessage):
    """환불보류, 교환보류."""

    claim_id: Id
    reason: HoldReason
    charge: NonNegativeMoney | None = None


class ReleaseClaim(OrdersMessage):
    claim_id: Id
    charge_settled: bool = False
    """The charge was paid otherwise, or waived: nothing is taken off the refund. An exchange has no refund."""


class FinishExchange(OrdersMessage):
    """The replacement is with the customer."""

    claim_id: Id


class ConvertToReturn(OrdersMessage):
    """An exchange goes on as a return: there is no replacement, or the customer wants none any more."""

    claim_id: Id


class ChangeRecipient(OrdersMessage):
    recipient: Recipient


class EraseRecipient(OrdersMessage):
    """The order's customer is erased."""


class RetryRefund(OrdersMessage):
    """Ask the provider once more for a refund that failed."""

    refund_id: Id
