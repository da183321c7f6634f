"""Commands are counted by what became of them, one by one and as the rows of a file."""

from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from shared.contracts.base import Message
from shared.runtime.bulk import decide_each
from shared.runtime.decision import Actor
from shared.runtime.records import Incoming
from tests.runtime.bank import Broken, Deposited
from tests.runtime.branch import Branch, Open
from tests.support.memory import message_envelope

pytestmark = pytest.mark.stack


def counts(message: type[Message]) -> list[int]:
    """Of the commands that were applied, repeated, refused, and that failed."""
    labels = [{"type": message.wire_type(), "outcome": it} for it in ("applied", "repeated", "refused", "failed")]
    return [int(REGISTRY.get_sample_value("sellerdesk_commands_total", label) or 0) for label in labels]


def since(before: list[int], message: type[Message]) -> list[int]:
    return [now - then for now, then in zip(counts(message), before, strict=True)]


async def test_a_command_is_applied_repeated_or_refused(open_bank: Open) -> None:
    async with open_bank() as bank:
        await bank.opens("a")
        before = counts(Deposited)
        for key, amount in ("first", 5), ("first", 5), ("first", 6), ("second", 0), ("third", 7):
            await bank.http.post("/accounts/a/deposits", json={"amount": amount}, headers={"Idempotency-Key": key})
        assert (await bank.account("a"), since(before, Deposited)) == (("o", 12), [2, 1, 2, 0])


async def test_a_row_of_a_file_is_applied_or_refused_or_all_of_them_fail(open_bank: Open) -> None:
    async with open_bank() as bank:
        await bank.opens("a")
        deposits, bugs = counts(Deposited), counts(Broken)
        await decide_each(bank.runtime, [row(bank, Deposited(account_id="a", amount=n)) for n in (5, -1, 7)])
        assert since(deposits, Deposited) == [2, 0, 1, 0]
        with pytest.raises(ZeroDivisionError):
            await decide_each(
                bank.runtime, [row(bank, Deposited(account_id="a", amount=1)), row(bank, Broken(account_id="a"))]
            )
        assert (since(deposits, Deposited), since(bugs, Broken)) == ([2, 0, 1, 1], [0, 0, 0, 1])


def row(bank: Branch, message: Deposited | Broken) -> Incoming:
    handler, actor = bank.runtime.handler_for(message), Actor("seller", "local")
    return Incoming(None, message_envelope(message, id=uuid4().hex), handler, message, actor)
