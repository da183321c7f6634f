"""Records that waited in vain: each wait ends by itself, whatever becomes of the others."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.runtime.batch import Writes
from tests.runtime.bank import AccountOpened, Transferred
from tests.runtime.branch import Open
from tests.support.eventually import eventually

HOUR = timedelta(hours=1)


@pytest.mark.stack
async def test_one_that_cannot_be_ended_is_put_off_and_the_next_one_ends_and_is_told(open_bank: Open) -> None:
    async with open_bank() as bank:
        await bank.tell([AccountOpened(account_id="a", owner="o"), Transferred(account_id="a", to="nobody", amount=1)])
        written: list[Writes] = []
        bank.runtime.after_commit.append(written.append)
        (row,) = await bank.rows("held")
        held, now = bank.runtime.collection("held"), datetime.now(UTC)
        await held.insert_one(row | {"_id": "stuck", "waits_for": "gone/nobody", "expires_at": now - 2 * HOUR})
        await held.update_one({"_id": row["_id"]}, {"$set": {"expires_at": now - HOUR}})

        async def has_ended() -> bool:
            left = {row["_id"]: row["expires_at"] for row in await bank.rows("held")}
            return left.keys() == {"stuck"} and left["stuck"] > now + HOUR / 2

        async def is_told() -> bool:
            events = [row for writes in written for row in writes.output.outbox]
            return [row.key for row in events] == [b"a"] and await bank.has_told_all()

        await eventually(has_ended)
        await eventually(is_told)
