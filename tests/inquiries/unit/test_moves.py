"""Every move in every state, against a table written down a second time by hand."""

from collections.abc import Sequence

import pytest

from services.inquiries.domain.moves import Move, after, allowed
from shared.contracts.inquiries import InquiryStatus
from shared.runtime.decision import IllegalMove

STATES = ["NEW", "OPEN", "PENDING_CUSTOMER", "WAITING_EVENT", "RESOLVED"]
LEADS_TO: dict[str, Sequence[str | None]] = {
    "reply": ["PENDING_CUSTOMER", "PENDING_CUSTOMER", "PENDING_CUSTOMER", "WAITING_EVENT", "RESOLVED"],
    "note": STATES,
    "amend": STATES,
    "assign": ["OPEN", "OPEN", "PENDING_CUSTOMER", "WAITING_EVENT", None],
    "wait": ["WAITING_EVENT", "WAITING_EVENT", "WAITING_EVENT", "WAITING_EVENT", None],
    "resolve": ["RESOLVED", "RESOLVED", "RESOLVED", "RESOLVED", None],
    "reopen": [None, None, "OPEN", "OPEN", "OPEN"],
    "hear_customer": ["NEW", "OPEN", "OPEN", "OPEN", "OPEN"],
    "wake": ["OPEN", "OPEN", "OPEN", "OPEN", None],
}
CASES = [(move, state, row[n]) for move, row in LEADS_TO.items() for n, state in enumerate(STATES)]


@pytest.mark.parametrize(("move", "state", "leads_to"), CASES)
def test_where_a_move_leads(move: str, state: str, leads_to: str | None) -> None:
    if leads_to is None:
        with pytest.raises(IllegalMove) as refusal:
            after(InquiryStatus(state), Move(move))
        assert refusal.value.allowed == allowed(InquiryStatus(state))
    else:
        assert after(InquiryStatus(state), Move(move)) == leads_to


def test_the_table_knows_every_move_and_every_state() -> None:
    assert set(LEADS_TO) == set(Move)
    assert set(STATES) == set(InquiryStatus)


def test_people_are_offered_only_what_people_do() -> None:
    offered = {move for state in InquiryStatus for move in allowed(state)}
    assert offered == set(Move) - {Move.HEAR_CUSTOMER, Move.WAKE}
