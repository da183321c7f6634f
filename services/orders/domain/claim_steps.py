"""The ways of claims, from request to end: which step a claim may take from where."""

from collections.abc import Iterable
from typing import NamedTuple

from services.orders.domain.order import is_held
from shared.contracts.order_state import Claim, ClaimStatus, ClaimType, StockStatus

WAY = {
    ClaimType.CANCEL: (ClaimStatus.CANCEL_REQUEST, ClaimStatus.CANCEL_DONE),
    ClaimType.RETURN: (
        ClaimStatus.RETURN_REQUEST,
        ClaimStatus.COLLECTING,
        ClaimStatus.COLLECT_DONE,
        ClaimStatus.RETURN_DONE,
    ),
    ClaimType.EXCHANGE: (
        ClaimStatus.EXCHANGE_REQUEST,
        ClaimStatus.COLLECTING,
        ClaimStatus.COLLECT_DONE,
        ClaimStatus.EXCHANGE_REDELIVERING,
        ClaimStatus.EXCHANGE_DONE,
    ),
}
"""The statuses that a claim which is granted goes through."""
REJECTED = {
    ClaimType.CANCEL: ClaimStatus.CANCEL_REJECT,
    ClaimType.RETURN: ClaimStatus.RETURN_REJECT,
    ClaimType.EXCHANGE: ClaimStatus.EXCHANGE_REJECT,
}


class Step(NamedTuple):
    type: ClaimType | None
    """None where both a return and an exchange take it."""
    sources: frozenset[ClaimStatus]
    held: bool | None = None
    """Whether the claim has to be on hold; None where that makes no difference."""

    reserved: bool = False
    """Whether catalog has to have reserved the replacement; what a carrier tells never waits for catalog."""

    def is_open_to(self, claim: Claim, role: str) -> bool:
        if self.reserved and role != "system" and claim.replacement_stock is not StockStatus.RESERVED:
            return False
        return self.is_for(claim) and claim.status in self.sources and self.held in (None, is_held(claim))

    def is_for(self, claim: Claim) -> bool:
        return claim.type is self.type or (self.type is None and claim.type is not ClaimType.CANCEL)

    def is_ahead_of(self, claim: Claim) -> bool:
        """Whether the claim may still come to where the step starts."""
        way = WAY[claim.type]
        return claim.closed_at is None and any(
            way.index(source) >= way.index(claim.status) for source in self.sources if source in way
        )


def _steps(type: ClaimType | None, *sources: ClaimStatus, held: bool | None = None) -> Step:
    return Step(type, frozenset(sources), held)


def first(type: ClaimType) -> ClaimStatus:
    return WAY[type][0]


def last(type: ClaimType) -> ClaimStatus:
    return WAY[type][-1]


def _before_collected(types: Iterable[ClaimType]) -> tuple[ClaimStatus, ...]:
    return (*map(first, types), ClaimStatus.COLLECTING)


SENT_BACK = [type for type in WAY if type is not ClaimType.CANCEL]
UNDONE = (*_before_collected(SENT_BACK), ClaimStatus.COLLECT_DONE)

DECIDE_CANCEL = _steps(ClaimType.CANCEL, ClaimStatus.CANCEL_REQUEST)
START_PICKUP = _steps(None, *_before_collected(SENT_BACK))
COLLECT = _steps(None, ClaimStatus.COLLECTING)
HOLD = _steps(None, *UNDONE, held=False)
RELEASE = _steps(None, *UNDONE, held=True)
APPROVE_RETURN = _steps(ClaimType.RETURN, *UNDONE, held=False)
REJECT_RETURN = _steps(ClaimType.RETURN, *UNDONE)
WITHDRAW_RETURN = _steps(ClaimType.RETURN, *_before_collected([ClaimType.RETURN]))
SEND_REPLACEMENT = _steps(ClaimType.EXCHANGE, ClaimStatus.COLLECT_DONE, held=False)._replace(reserved=True)
FINISH_EXCHANGE = _steps(ClaimType.EXCHANGE, ClaimStatus.EXCHANGE_REDELIVERING)
REJECT_EXCHANGE = _steps(ClaimType.EXCHANGE, *UNDONE)
WITHDRAW_EXCHANGE = _steps(ClaimType.EXCHANGE, *_before_collected([ClaimType.EXCHANGE]))
CONVERT = _steps(ClaimType.EXCHANGE, *UNDONE)
