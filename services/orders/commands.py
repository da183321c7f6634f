"""What a person asks over HTTP and no other system tells. Decided by the same table as the inbox."""

from shared.contracts.base import Id
from shared.contracts.inbox_orders import OrdersMessage


class ConfirmOrder(OrdersMessage):
    """발주확인: the seller takes the order on and promises to ship it."""


class DecidePurchase(OrdersMessage):
    """구매확정: the buyer keeps what has arrived."""


class RetryRefund(OrdersMessage):
    """Ask the provider once more for a refund that failed."""

    refund_id: Id
