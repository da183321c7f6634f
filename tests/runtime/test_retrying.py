"""Retrying parked records, without a broker: their order holds, whatever is retried and whatever clocks said."""

from datetime import timedelta

import pytest

from tests.runtime.bank import ACCOUNT, BANK, AccountOpened, BankSettings, Broken, Deposited, OwnerChanged
from tests.support.memory import T0, MemoryRuntime

BUGGY, REPAIRED = BankSettings(repaired=False), BankSettings(repaired=True)
QUEUE = [Broken(account_id="a"), Deposited(account_id="a", amount=5), OwnerChanged(account_id="a", owner="last")]


def parked_bank() -> tuple[MemoryRuntime, list[str]]:
    """A key with a record that raised and two behind it, and a bank in which it would not raise."""
    buggy = MemoryRuntime("bank", BANK, [ACCOUNT], BUGGY)
    buggy.deliver(AccountOpened(account_id="a", owner="first"))
    for hours, message in enumerate(QUEUE):
        buggy.wall = T0 - timedelta(hours=hours)  # by a clock that is set back again and again
        buggy.deliver(message)
    ids = [parked.id for parked in buggy.parked]
    return deployed(buggy, REPAIRED), ids


def deployed(before: MemoryRuntime, settings: BankSettings) -> MemoryRuntime:
    after = MemoryRuntime("bank", BANK, [ACCOUNT], settings)
    after.documents, after.held, after.seen = before.documents, before.held, before.seen
    after.parked, after.gates = before.parked, before.gates
    return after


def owner_and_balance(bank: MemoryRuntime) -> tuple[str, int]:
    account = bank.state(ACCOUNT, "a")
    assert account is not None
    return account.owner, account.balance


def test_a_key_is_retried_in_the_order_of_its_offsets() -> None:
    bank, ids = parked_bank()
    assert bank.retry("a") == dict.fromkeys(ids)
    assert (owner_and_balance(bank), bank.parked, bank.gates) == (("last", 5), [], {})


@pytest.mark.parametrize(("picked", "applied"), [([2], []), ([1, 2], []), ([0, 2], [0]), ([0, 1], [0, 1])])
def test_those_behind_one_that_is_left_out_stay(picked: list[int], applied: list[int]) -> None:
    bank, ids = parked_bank()
    outcome = bank.retry("a", [ids[n] for n in picked])
    assert [ids.index(id) for id, fault in outcome.items() if fault is None] == applied
    assert [one.id for one in bank.parked] == [id for n, id in enumerate(ids) if n not in applied]


def test_those_behind_one_that_fails_again_stay() -> None:
    bank, ids = parked_bank()
    outcome = deployed(bank, BUGGY).retry("a")
    assert [fault.error if fault else "" for fault in outcome.values()] == ["RAISED", "QUEUED", "QUEUED"]
    assert ids[0] in str(outcome[ids[1]])


def test_a_refused_record_is_retried_by_itself_and_holds_nobody_up() -> None:
    bank = MemoryRuntime("bank", BANK, [ACCOUNT], BUGGY)
    bank.deliver(AccountOpened(account_id="a", owner="first"))
    bank.deliver(Deposited(account_id="a", amount=-1), Deposited(account_id="a", amount=3))
    (refused,) = bank.parked
    assert [fault.error for fault in bank.retry("a").values() if fault] == ["ILLEGAL_MOVE"]
    assert (bank.drop("a"), bank.parked, owner_and_balance(bank)) == ({refused.id}, [], ("first", 3))


def test_what_waited_is_tried_in_the_order_of_its_offsets_and_queues_behind_a_bug() -> None:
    bank = MemoryRuntime("bank", BANK, [ACCOUNT], BUGGY)
    for hours, message in enumerate([OwnerChanged(account_id="a", owner="before"), *QUEUE]):
        bank.wall = T0 - timedelta(hours=hours)
        bank.deliver(message)
    assert len(bank.held) == 4
    bank.deliver(AccountOpened(account_id="a", owner="first"))
    assert owner_and_balance(bank) == ("before", 0)
    assert (bank.held, [one.fault.error for one in bank.parked]) == ({}, ["RAISED", "QUEUED", "QUEUED"])
    fixed = deployed(bank, REPAIRED)
    assert all(fault is None for fault in fixed.retry("a").values())
    assert (owner_and_balance(fixed), fixed.gates) == (("last", 5), {})


def test_a_queued_record_that_is_refused_at_last_is_told_to_its_sender_and_holds_nobody_up() -> None:
    buggy = MemoryRuntime("bank", BANK, [ACCOUNT], BUGGY)
    deposits = [Deposited(account_id="a", amount=amount) for amount in (-1, 3)]
    buggy.deliver(AccountOpened(account_id="a", owner="first"), Broken(account_id="a"), *deposits)
    assert buggy.rejected == []
    fixed = deployed(buggy, REPAIRED)
    outcome = fixed.retry("a")
    assert [fault.error if fault else "" for fault in outcome.values()] == ["", "ILLEGAL_MOVE", ""]
    assert ([one.type for one in fixed.rejected], fixed.gates) == (["bank.CommandRejected.v1"], {})
    assert owner_and_balance(fixed) == ("repaired", 3)
    fixed.retry("a")
    assert len(fixed.rejected) == 1
