"""The refunds of an order as its events tell them to whoever pays: each is asked for once at a time and paid once."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.contracts.order_state import Refund, RefundStatus
from shared.contracts.orders import RefundFailed, RefundRequested, RefundSettled

TELLS = {
    RefundRequested.wire_type(): RefundStatus.REQUESTED,
    RefundSettled.wire_type(): RefundStatus.SETTLED,
    RefundFailed.wire_type(): RefundStatus.FAILED,
}
NEXT: dict[RefundStatus | None, set[RefundStatus]] = {
    None: {RefundStatus.REQUESTED, RefundStatus.SETTLED},
    RefundStatus.REQUESTED: {RefundStatus.SETTLED, RefundStatus.FAILED},
    RefundStatus.FAILED: {RefundStatus.REQUESTED, RefundStatus.SETTLED},
    RefundStatus.SETTLED: set(),
}
"""What may be told after what."""


class Books:
    def __init__(self) -> None:
        self._refunds: dict[str, Refund] = {}

    def enter(self, type: str, event: Mapping[str, Any]) -> None:
        if type in TELLS:
            self._enter(TELLS[type], Refund.model_validate(event["refund"]))

    def _enter(self, status: RefundStatus, refund: Refund) -> None:
        """Settled without having been asked for is only what a charge took whole."""
        before = self._refunds.get(refund.refund_id)
        asked = status is RefundStatus.REQUESTED
        assert status in NEXT[before.status if before else None]
        assert before or asked or refund.amount.is_zero()
        assert (refund.settled_at is not None) == (status is RefundStatus.SETTLED)
        assert (refund.error_code is not None) == (status is RefundStatus.FAILED)
        assert refund.failed_at == (before and before.failed_at) or status is RefundStatus.FAILED
        answer = {name: getattr(refund, name) for name in ("status", "settled_at", "failed_at", "error_code")}
        attempts = before.attempts + asked if before else 1
        assert refund == (before or refund).model_copy(update=answer | {"attempts": attempts})
        self._refunds[refund.refund_id] = refund

    def are_of(self, refunds: Sequence[Refund]) -> bool:
        return [*self._refunds] == [r.refund_id for r in refunds] and [*self._refunds.values()] == [*refunds]
