"""The one table of a ticket's states: what may be done in which, and where it leads."""

from enum import StrEnum

from shared.contracts.inquiries import InquiryStatus
from shared.runtime.decision import IllegalMove


class Move(StrEnum):
    REPLY = "reply"
    NOTE = "note"
    AMEND = "amend"
    ASSIGN = "assign"
    WAIT = "wait"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    HEAR_CUSTOMER = "hear_customer"
    WAKE = "wake"


NEW, OPEN, PENDING, WAITING, RESOLVED = (
    InquiryStatus.NEW,
    InquiryStatus.OPEN,
    InquiryStatus.PENDING_CUSTOMER,
    InquiryStatus.WAITING_EVENT,
    InquiryStatus.RESOLVED,
)
ANYWHERE = {status: status for status in InquiryStatus}

MOVES: dict[Move, dict[InquiryStatus, InquiryStatus]] = {
    Move.REPLY: {**ANYWHERE, NEW: PENDING, OPEN: PENDING},
    Move.NOTE: ANYWHERE,
    Move.AMEND: ANYWHERE,
    Move.ASSIGN: {NEW: OPEN, OPEN: OPEN, PENDING: PENDING, WAITING: WAITING},
    Move.WAIT: {NEW: WAITING, OPEN: WAITING, PENDING: WAITING, WAITING: WAITING},
    Move.RESOLVE: {NEW: RESOLVED, OPEN: RESOLVED, PENDING: RESOLVED, WAITING: RESOLVED},
    Move.REOPEN: {PENDING: OPEN, WAITING: OPEN, RESOLVED: OPEN},
    Move.HEAR_CUSTOMER: {NEW: NEW, OPEN: OPEN, PENDING: OPEN, WAITING: OPEN, RESOLVED: OPEN},
    Move.WAKE: {NEW: OPEN, OPEN: OPEN, PENDING: OPEN, WAITING: OPEN},
}
OFFERED = tuple(move for move in Move if move not in (Move.HEAR_CUSTOMER, Move.WAKE))


def allowed(status: InquiryStatus) -> tuple[str, ...]:
    """What people may do; the other moves answer customers and orders."""
    return tuple(move.value for move in OFFERED if status in MOVES[move])


def after(status: InquiryStatus, move: Move) -> InquiryStatus:
    try:
        return MOVES[move][status]
    except KeyError:
        sentence = f"{move.value} is not possible: the inquiry is {status.value}"
        raise IllegalMove(sentence, allowed=allowed(status)) from None
