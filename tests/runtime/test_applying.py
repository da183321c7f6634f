"""How many of the fetched records go into one transaction."""

from collections.abc import Sequence

import pytest
from aiokafka import ConsumerRecord

from shared.runtime.applying import BATCH_BYTES, as_many_as_fit, fitting
from shared.runtime.batch import Writes
from shared.runtime.stored import OutboxRow
from shared.runtime.working_set import Output

HALF = BATCH_BYTES // 2


def records(*lengths: int | None) -> Sequence[ConsumerRecord]:
    values = [None if length is None else bytes(length) for length in lengths]
    return [
        ConsumerRecord("bank.inbox", 0, offset, 0, 0, b"acc_1", value, None, 5, len(value or b""), ())
        for offset, value in enumerate(values)
    ]


def told(*lengths: int) -> Writes:
    rows = [
        OutboxRow(f"account/acc_1/{n}", "bank.events", b"acc_1", bytes(length), []) for n, length in enumerate(lengths)
    ]
    return Writes([], Output(outbox=rows))


@pytest.mark.parametrize(
    ("lengths", "most", "taken"),
    [
        ((10, 10, 10), 500, 3),
        ((10, 10, 10), 2, 2),
        ((HALF, HALF, 1), 500, 2),
        ((HALF, HALF + 1, 1), 500, 1),
        ((BATCH_BYTES + 1, 1), 500, 1),
        ((None, 10), 500, 2),
    ],
)
def test_a_transaction_takes_as_many_records_as_fit_and_at_least_one(
    lengths: Sequence[int | None], most: int, taken: int
) -> None:
    assert fitting(records(*lengths), most) == taken


@pytest.mark.parametrize(
    ("applied", "lengths", "fit"),
    [(500, (), 500 * BATCH_BYTES), (100, (HALF,) * 10, 20), (1, (BATCH_BYTES * 2,), 1), (10, (HALF, HALF), 10)],
)
def test_the_next_one_takes_as_many_as_tell_about_so_much(applied: int, lengths: Sequence[int], fit: int) -> None:
    assert as_many_as_fit(applied, told(*lengths)) == fit
