"""The runtime's promises, on its pure core."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pymongo.errors import BulkWriteError

from shared.contracts.base import Message
from shared.contracts.envelope import Envelope, encode
from shared.runtime.batch import Batch
from shared.runtime.decision import IllegalMove, Unknown
from shared.runtime.parking_lot import as_fault
from shared.runtime.records import Read, Record, read
from shared.runtime.revision import PreconditionRequired, StaleRevision
from shared.runtime.working_set import Loaded, NeedsMore
from tests.runtime.bank import (
    ACCOUNT,
    BANK,
    COUNTER,
    TURNOVER,
    Account,
    AccountOpened,
    BalanceChanged,
    Broken,
    Deposited,
    OwnerChanged,
    Transferred,
)
from tests.support.memory import T0, MemoryRuntime, event_envelope, message_envelope


@pytest.fixture
def bank() -> MemoryRuntime:
    return MemoryRuntime("bank", BANK, [ACCOUNT])


def balance(bank: MemoryRuntime, id: str) -> int | None:
    account = bank.state(ACCOUNT, id)
    return None if account is None else account.balance


def opened(id: str) -> AccountOpened:
    return AccountOpened(account_id=id, owner=f"owner-of-{id}")


def test_a_batch_applies_in_order_and_numbers_its_events(bank: MemoryRuntime) -> None:
    bank.deliver(opened("a"), Deposited(account_id="a", amount=5), Deposited(account_id="a", amount=7))
    assert balance(bank, "a") == 12
    assert [(e.type, e.sequence) for e in bank.events] == [
        ("bank.OwnerNamed.v1", 1),
        ("bank.BalanceChanged.v1", 2),
        ("bank.BalanceChanged.v1", 3),
    ]
    assert bank.stored(ACCOUNT, "a").version == 1


def test_the_same_message_twice_is_a_duplicate_within_and_across_batches(bank: MemoryRuntime) -> None:
    bank.deliver(opened("a"), Deposited(account_id="a", amount=5), Deposited(account_id="a", amount=5))
    bank.deliver(Deposited(account_id="a", amount=5))
    assert balance(bank, "a") == 5
    assert bank.counts["duplicates"] == 2


def test_a_message_too_early_is_held_and_applied_once_its_document_comes(bank: MemoryRuntime) -> None:
    bank.deliver(Deposited(account_id="a", amount=5))
    assert balance(bank, "a") is None
    assert bank.stored(ACCOUNT, "a").held == 1
    bank.deliver(opened("a"))
    assert balance(bank, "a") == 5
    assert bank.held == {}
    assert bank.stored(ACCOUNT, "a").held == 0


def test_held_messages_are_tried_again_in_arrival_order_until_none_moves(bank: MemoryRuntime) -> None:
    bank.deliver(opened("a"), opened("b"))
    bank.deliver(
        Transferred(account_id="a", to="b", amount=10),
        Transferred(account_id="b", to="a", amount=3),
    )
    assert len(bank.held) == 2
    bank.deliver(Deposited(account_id="a", amount=10))
    assert (balance(bank, "a"), balance(bank, "b")) == (3, 7)
    assert bank.held == {}


def test_one_that_waits_on_is_tried_again_after_one_behind_it(bank: MemoryRuntime) -> None:
    bank.deliver(opened("b"), Transferred(account_id="a", to="b", amount=5), Deposited(account_id="a", amount=5))
    bank.deliver(opened("a"))
    assert (balance(bank, "a"), balance(bank, "b")) == (0, 5)
    assert bank.held == {}


def test_what_waits_is_loaded_only_for_a_change_that_may_wake_it(bank: MemoryRuntime) -> None:
    bank.deliver(opened("a"), opened("b"), Transferred(account_id="a", to="b", amount=5))
    loaded = Loaded({ACCOUNT.ref("a"): bank.stored(ACCOUNT, "a")})
    Batch(bank.group, loaded, T0).take(incoming(bank, OwnerChanged(account_id="a", owner="new")))
    with pytest.raises(NeedsMore) as needs:
        Batch(bank.group, loaded, T0).take(incoming(bank, Deposited(account_id="a", amount=5)))
    assert (needs.value.refs, needs.value.held_on) == (set(), {ACCOUNT.ref("a")})


def incoming(bank: MemoryRuntime, message: Message) -> Read:
    return read(bank.record(message_envelope(message)), bank.group.table)


def test_a_wait_moves_on_to_the_next_document_it_needs(bank: MemoryRuntime) -> None:
    bank.deliver(Transferred(account_id="a", to="b", amount=1))
    bank.deliver(opened("a"))
    assert [held.waits_for for held in bank.held.values()] == [("account", "b")]
    assert (bank.stored(ACCOUNT, "a").held, bank.stored(ACCOUNT, "b").held) == (0, 1)
    bank.deliver(opened("b"), Deposited(account_id="a", amount=1))
    assert balance(bank, "b") == 1


def test_a_wait_that_expires_is_answered_by_its_handler_or_parked(bank: MemoryRuntime) -> None:
    bank.deliver(opened("a"), Transferred(account_id="a", to="nobody", amount=1), Deposited(account_id="x", amount=1))
    bank.expire(at=T0 + timedelta(minutes=11))
    assert bank.event_types == ["OwnerNamed", "OwnerNamed"]
    assert len(bank.held) == 1
    bank.expire(at=T0 + timedelta(hours=73))
    assert [parked.fault.error for parked in bank.parked] == ["EXPIRED"]
    assert bank.held == {}
    assert bank.stored(ACCOUNT, "x").held == 0


def test_a_wait_ends_with_the_record_as_it_is_kept_by_then(bank: MemoryRuntime) -> None:
    bank.deliver(Deposited(account_id="x", amount=1))
    (held,) = bank.held.values()
    redacted = replace(held, record=held.record._replace(value=b"{}"))
    loaded = Loaded({ACCOUNT.ref("x"): bank.stored(ACCOUNT, "x")}, {held.id: redacted})
    batch = Batch(bank.group, loaded, T0)
    batch.expire(held)
    assert [parked.record.value for parked in batch.finish().parked] == [b"{}"]


def test_a_wait_ends_without_those_that_wait_for_the_same(bank: MemoryRuntime) -> None:
    bank.deliver(Deposited(account_id="x", amount=1), Deposited(account_id="x", amount=2))
    one, _ = bank.held.values()
    batch = Batch(bank.group, Loaded({ACCOUNT.ref("x"): bank.stored(ACCOUNT, "x")}, {one.id: one}), T0)
    batch.expire(one)
    [account] = batch.finish().entries
    assert account.held == 1


def test_an_illegal_move_is_parked_with_its_bytes_and_told_to_the_sender(bank: MemoryRuntime) -> None:
    envelope = message_envelope(Deposited(account_id="a", amount=-1))
    bank.deliver(opened("a"), envelope, Deposited(account_id="a", amount=2))
    (parked,) = bank.parked
    assert (parked.fault.error, parked.record.value) == ("ILLEGAL_MOVE", envelope.data)
    (rejected,) = bank.rejected
    assert b'"field":"amount"' in rejected.data and b"-1" not in rejected.data
    assert balance(bank, "a") == 2


def test_records_of_a_key_queue_behind_a_bug_and_other_keys_flow(bank: MemoryRuntime) -> None:
    bank.deliver(opened("a"), opened("b"), Broken(account_id="a"), Deposited(account_id="a", amount=1))
    bank.deliver(Deposited(account_id="a", amount=2), Deposited(account_id="b", amount=3))
    assert [(parked.fault.error, parked.queued) for parked in bank.parked] == [
        ("RAISED", False),
        ("QUEUED", True),
        ("QUEUED", True),
    ]
    assert (balance(bank, "a"), balance(bank, "b")) == (0, 3)
    assert bank.gates == {"a": (2, 3)}


@pytest.mark.parametrize(
    ("change", "error", "field"),
    [
        ({"value": b"{"}, "INVALID", "value"),
        ({"value": b'{"account_id":"a"}'}, "INVALID", "amount"),
        ({"value": b'{"account_id":"b","amount":1}'}, "INVALID", "account_id"),
        ({"value": None}, "MALFORMED", "value"),
        ({"value": b"x" * 2_000_000}, "MALFORMED", "value"),
        ({"key": b"other"}, "MALFORMED", "key"),
        ({"key": None}, "MALFORMED", "key"),
        ({"headers": []}, "MALFORMED", "ce_specversion"),
    ],
)
def test_what_cannot_be_read_is_parked_and_the_rest_flows(
    bank: MemoryRuntime, change: dict[str, object], error: str, field: str
) -> None:
    key, value, headers = encode(message_envelope(Deposited(account_id="a", amount=1)))
    fields = {"key": key, "value": value, "headers": headers} | change
    bad = Record("bank.inbox", 0, 99, timestamp=0, **fields)  # type: ignore[arg-type]
    bank.deliver_records([bank.record(message_envelope(opened("a"))), bad])
    assert [(parked.fault.error, parked.fault.field) for parked in bank.parked] == [(error, field)]
    assert balance(bank, "a") == 0
    assert len(bank.rejected) == 1


def test_what_is_told_of_a_day_still_to_come_is_refused_and_holds_nobody_up(bank: MemoryRuntime) -> None:
    def deposit(amount: int, **after: float) -> Envelope:
        return message_envelope(Deposited(account_id="a", amount=amount), time=T0 + timedelta(**after))

    bank.deliver(opened("a"))
    ahead = [deposit(1, days=1, seconds=1), deposit(2, days=36_500), deposit(4, days=1), deposit(8, days=-3_650)]
    bank.deliver_records([bank.record(envelope, sent_at=T0) for envelope in ahead])
    assert [(parked.fault.error, parked.fault.field) for parked in bank.parked] == [("MALFORMED", "ce_time")] * 2
    assert (balance(bank, "a"), len(bank.rejected)) == (12, 2)
    assert None not in bank.retry("a").values()


def test_nothing_is_refused_for_its_day_where_nobody_says_when_it_was_sent(bank: MemoryRuntime) -> None:
    told = message_envelope(opened("a"), time=T0 + timedelta(days=9))
    bank.deliver_records([bank.record(told)._replace(timestamp=-1)])
    assert balance(bank, "a") == 0


def test_an_event_that_was_let_in_is_heard_whatever_its_day() -> None:
    counter = MemoryRuntime("bank", COUNTER, [TURNOVER])
    changed = BalanceChanged(account=Account(owner="o", balance=1), by=1)
    event = event_envelope(changed, "a", sequence=1, time=T0 + timedelta(days=9))
    counter.deliver_records([counter.record(event, sent_at=T0)])
    assert counter.counts["applied"] == 1


def test_a_view_hears_each_event_once_and_never_goes_back() -> None:
    counter = MemoryRuntime("bank", COUNTER, [TURNOVER])
    events = [
        event_envelope(BalanceChanged(account=Account(owner="o", balance=n), by=1), "a", sequence=n) for n in (1, 2, 3)
    ]
    counter.deliver(events[0], events[2], events[1], events[2])
    turnover = counter.state(TURNOVER, "a")
    assert turnover is not None
    assert (turnover.balance, turnover.events) == (3, 2)
    assert counter.tallies["sums"]["all"] == {"label": "all", "moved.by": 2, "moved.events": 2}


def test_unknown_types_are_read_past_and_unknown_versions_parked() -> None:
    counter = MemoryRuntime("bank", COUNTER, [TURNOVER])
    event = event_envelope(BalanceChanged(account=Account(owner="o"), by=1), "a", sequence=1, type="bank.Other.v1")
    newer = event_envelope(
        BalanceChanged(account=Account(owner="o"), by=1), "a", sequence=1, type="bank.BalanceChanged.v2"
    )
    counter.deliver(event, newer)
    assert counter.counts == {"read_past": 1, "parked": 1}


def test_a_command_is_refused_to_its_caller(bank: MemoryRuntime) -> None:
    with pytest.raises(Unknown):
        bank.command(Deposited(account_id="a", amount=1), "a")
    bank.deliver(opened("a"))
    with pytest.raises(IllegalMove) as refusal:
        bank.command(Deposited(account_id="a", amount=0), "a")
    assert refusal.value.allowed == ("deposit",)
    docs = bank.command(Deposited(account_id="a", amount=4), "a")
    assert docs.get(ACCOUNT, "a") == Account(owner="owner-of-a", balance=4)


def test_an_edit_needs_the_revision_it_was_based_on(bank: MemoryRuntime) -> None:
    bank.deliver(opened("a"))
    rename = OwnerChanged(account_id="a", owner="new")
    with pytest.raises(PreconditionRequired):
        bank.command(rename, "a")
    bank.command(rename, "a", if_match=0)
    bank.deliver(Deposited(account_id="a", amount=1))
    with pytest.raises(StaleRevision):
        bank.command(rename, "a", if_match=0, id="another")
    bank.command(rename, "a", if_match=1, id="third")


def test_a_repeated_run_makes_the_same_ids() -> None:
    runs = []
    for _ in range(2):
        bank = MemoryRuntime("bank", BANK, [ACCOUNT])
        bank.deliver(opened("a"), Deposited(account_id="a", amount=5))
        runs.append([(e.id, e.traceparent) for e in bank.events])
    assert runs[0] == runs[1]


def test_a_driver_s_error_is_told_without_the_documents_it_quotes() -> None:
    error = BulkWriteError({"writeErrors": [{"index": 0, "op": {"recipient": "somebody"}}]})
    assert "somebody" in str(error)
    assert as_fault(error).sentence == "BulkWriteError: batch op errors occurred"
