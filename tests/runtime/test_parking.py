"""Parked records on real Kafka and MongoDB: listed, retried in order once the bug is fixed, or dropped."""

import asyncio
from datetime import UTC, datetime

import pytest

from shared.runtime import applying
from shared.runtime.errors import Paused
from shared.runtime.mongo import Session
from shared.runtime.offsets import Offsets
from tests.runtime.bank import AccountOpened, Broken, Deposited, OwnerChanged
from tests.runtime.branch import Open
from tests.support.eventually import eventually

pytestmark = pytest.mark.stack


A_DAY = [
    AccountOpened(account_id="a", owner="first"),
    Broken(account_id="a"),
    Deposited(account_id="a", amount=5),
    OwnerChanged(account_id="a", owner="last"),
    AccountOpened(account_id="b", owner="other"),
    Deposited(account_id="b", amount=7),
]


async def test_after_a_fix_a_key_goes_on_in_its_order(open_bank: Open) -> None:
    async with open_bank() as buggy:
        await buggy.tell(A_DAY)
        assert [(row["error"], row["queued"]) for row in await buggy.parked(key="a")] == [
            ("RAISED", False),
            ("QUEUED", True),
            ("QUEUED", True),
        ]
        assert await buggy.account("a") == ("first", 0)
        assert await buggy.account("b") == ("other", 7)
        still = await buggy.post("retry", "a")
        assert (still["applied"], len(still["still_parked"])) == ([], 3)
        assert [row["attempts"] for row in await buggy.parked(key="a")] == [2, 1, 1]
    async with open_bank(repaired=True) as fixed:
        dry = await fixed.post("retry", "a", dry_run=True)
        assert len(dry["applied"]) == 3
        assert len(await fixed.parked()) == 3
        assert await fixed.account("a") == ("first", 0)
        assert await fixed.post("retry", "a", actor="operator:7f3a") == {**dry, "dry_run": False}
        assert await fixed.account("a") == ("last", 5)
        assert await fixed.parked() == []
        assert (await fixed.post("retry", "a"))["applied"] == []
        await fixed.tell([Deposited(account_id="a", amount=1)])
        assert await fixed.account("a") == ("last", 6)
        wanted = {"actor": "operator:7f3a", "key": "a"}
        audit = (await fixed.http.get("/ops/parked/audit", params=wanted)).json()["items"]
        assert {(row["what"], row["record"]) for row in audit} == {("retry", id) for id in dry["applied"]}
        assert len(audit) == 3


async def test_retrying_at_the_same_time_applies_once(open_bank: Open) -> None:
    async with open_bank() as buggy:
        await buggy.tell(A_DAY)
    async with open_bank(repaired=True) as fixed:
        results = await asyncio.gather(*[fixed.post("retry", "a") for _ in range(4)])
        assert sorted(len(result["applied"]) for result in results) == [0, 0, 0, 3]
        assert await fixed.account("a") == ("last", 5)


async def test_a_retry_while_more_records_of_the_key_arrive_loses_and_reorders_none(open_bank: Open) -> None:
    async with open_bank() as buggy:
        await buggy.tell(A_DAY)
    async with open_bank(repaired=True) as fixed:
        deposits = [Deposited(account_id="a", amount=1) for _ in range(60)]
        told = asyncio.create_task(fixed.tell(deposits))
        while not told.done():
            await fixed.post("retry", "a")
        await told
        await fixed.post("retry", "a")
        assert await fixed.account("a") == ("last", 65)
        assert (await fixed.parked(), await fixed.rows("gates")) == ([], [])


async def test_a_dropped_record_leaves_its_bytes_in_the_audit_and_the_key_open(open_bank: Open) -> None:
    async with open_bank() as bank:
        await bank.tell(A_DAY)
        broken, *_ = await bank.parked(key="a")
        assert await bank.post("drop", "a", ids=[broken["id"]], dry_run=True) == {
            "dropped": [broken["id"]],
            "dry_run": True,
        }
        assert len(await bank.parked()) == 3
        await bank.post("drop", "a", ids=[broken["id"]], actor="operator:7f3a")
        assert len((await bank.post("retry", "a"))["applied"]) == 2
        assert await bank.account("a") == ("last", 5)
        assert await bank.rows("gates") == []
        (audit,) = await bank.rows("audit", what="drop")
        assert audit["actor"] == "operator:7f3a"
        assert audit["row"]["record"]["value"] == b'{"account_id":"a"}'


async def test_a_full_key_pauses_its_partition_only_and_readiness_says_why(
    open_bank: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "PAUSE_SECONDS", 0.3)
    async with open_bank(max_parked_per_key=3) as bank:
        others = [f"o{n}" for n in range(12)]
        await bank.tell([AccountOpened(account_id=id, owner="o") for id in ["a", *others]])
        await bank.tell([Broken(account_id="a"), *[Deposited(account_id="a", amount=1) for _ in range(2)]])
        rest = [Deposited(account_id="a", amount=1), *[Deposited(account_id=id, amount=1) for id in others]]
        told = asyncio.create_task(bank.tell(rest))

        async def others_flow() -> bool:
            return [await bank.account(id) for id in others].count(("o", 1)) >= 6

        await eventually(others_flow)

        async def says_why() -> bool:
            return "a: too many records queue behind a parked one" in await bank.reasons()

        await eventually(says_why)
        deadline = asyncio.get_running_loop().time() + 3  # ten pauses
        while asyncio.get_running_loop().time() < deadline:
            assert await says_why()
        assert not told.done()
        await bank.post("drop", "a")
        await told
        assert await bank.account("a") == ("o", 1)
        assert all([await bank.account(id) == ("o", 1) for id in others])
        await eventually(bank.is_ready)


async def test_one_record_of_a_key_is_never_applied_before_those_in_front_of_it(open_bank: Open) -> None:
    async with open_bank() as buggy:
        await buggy.tell(A_DAY)
    async with open_bank(repaired=True) as fixed:
        broken, deposited, renamed = [row["id"] for row in await fixed.parked(key="a")]
        early = await fixed.post("retry", "a", ids=[renamed])
        assert (early["applied"], list(early["still_parked"])) == ([], [renamed])
        assert broken in early["still_parked"][renamed]
        assert await fixed.account("a") == ("first", 0)
        assert (await fixed.post("retry", "a", ids=[deposited, broken]))["applied"] == [broken, deposited]
        assert await fixed.account("a") == ("repaired", 5)
        assert (await fixed.post("retry", "a", ids=[renamed]))["applied"] == [renamed]
        assert (await fixed.rows("gates"), await fixed.account("a")) == ([], ("last", 5))


@pytest.mark.parametrize("dry_run", [True, False])
async def test_an_outcome_that_cannot_be_stored_stays_parked_and_says_why(open_bank: Open, dry_run: bool) -> None:
    async with open_bank() as bank:
        deposits = [Deposited(account_id="a", amount=amount) for amount in (1, 10**30, 2)]
        await bank.tell([AccountOpened(account_id="a", owner="o"), Deposited(account_id="a", amount=-1), *deposits])
        negative, huge, behind = [row["id"] for row in await bank.parked()]
        retried = await bank.post("retry", "a", dry_run=dry_run)
        assert retried["applied"] == []
        assert list(retried["still_parked"]) == [negative, huge, behind]
        assert "OverflowError" in retried["still_parked"][huge]
        assert huge in retried["still_parked"][behind]
        assert [row["attempts"] for row in await bank.parked()] == ([1, 1, 1] if dry_run else [2, 2, 1])
        await bank.post("drop", "a", ids=[huge])
        assert (await bank.post("retry", "a"))["applied"] == [behind]
        assert await bank.account("a") == ("o", 3)


async def test_rows_of_a_version_that_did_not_note_what_was_seen_are_retried(open_bank: Open) -> None:
    async with open_bank() as buggy:
        await buggy.tell(A_DAY)
        await buggy.update("parked", {"$unset": {"seen": ""}})
    async with open_bank(repaired=True) as fixed:
        assert len((await fixed.post("retry", "a"))["applied"]) == 3
        assert await fixed.account("a") == ("last", 5)


async def test_lists_are_filtered_and_a_filter_that_does_not_exist_is_refused(open_bank: Open) -> None:
    async with open_bank() as bank:
        await bank.tell([*A_DAY, Deposited(account_id="b", amount=-1), Deposited(account_id="early", amount=1)])
        deposited = {"type": "bank.Deposited.v1"}
        assert sorted(row["key"] for row in await bank.parked(**deposited)) == ["a", "b"]
        assert [row["key"] for row in await bank.parked(**deposited, error="ILLEGAL_MOVE")] == ["b"]
        assert await bank.parked(older_than="PT1H") == []
        assert len(await bank.parked(older_than="PT0S")) == 4
        (held,) = (await bank.http.get("/ops/held", params=deposited)).json()["items"]
        assert (held["key"], held["waits_for"]) == ("early", "account/early")
        assert (await bank.http.get("/ops/held", params={"waits_for": "account/b"})).json()["items"] == []
        for wrong in ({"kye": "a"}, {"older_than": "yesterday"}, {"limit": "0"}):
            answer = await bank.http.get("/ops/parked", params=wrong)
            assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, list(wrong))
        answer = await bank.http.post("/ops/parked/drop", json={"group": "bank", "key": "a", "dryrun": True})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "dryrun")
        assert len(await bank.parked()) == 4


async def test_a_bound_that_is_near_is_a_warning_and_a_full_one_a_reason(open_bank: Open) -> None:
    async with open_bank(max_parked_per_key=5, max_parked=6) as bank:
        await bank.tell([AccountOpened(account_id="a", owner="o"), AccountOpened(account_id="b", owner="o")])
        await bank.tell([Broken(account_id="a")])
        assert await bank.warnings() == []
        await bank.tell([Deposited(account_id="a", amount=1)] * 3)

        async def warned() -> bool:
            return await bank.warnings() == ["4 of at most 5 records queued behind a parked one of bank a"]

        await eventually(warned)
        assert await bank.is_ready()
        assert 'sellerdesk_fullest_key_records{service="bank"} 4.0' in (await bank.http.get("/metrics")).text
        await bank.tell([Deposited(account_id="b", amount=-1), Deposited(account_id="b", amount=-1)])

        async def full() -> bool:
            return "6 parked records, nothing more is read" in await bank.reasons()

        await eventually(full)
        await bank.post("drop", "a")
        await eventually(bank.is_ready)


async def test_a_retry_is_refused_while_its_group_is_paused(open_bank: Open) -> None:
    async with open_bank() as buggy:
        await buggy.tell(A_DAY)
    async with open_bank(repaired=True) as fixed:
        wanted = {"group": "bank", "key": "a"}
        async with fixed.runtime.paused("bank", "rebuild"):
            for dry_run in (True, False):
                refused = await fixed.http.post("/ops/parked/retry", json=wanted | {"dry_run": dry_run})
                assert (refused.status_code, "is paused since" in refused.json()["detail"]) == (409, True)
            assert len(await fixed.parked(key="a")) == 3
        assert len((await fixed.post("retry", "a"))["applied"]) == 3


async def test_a_pause_that_comes_within_a_retry_is_seen(open_bank: Open) -> None:
    async with open_bank() as bank:
        database, offsets = bank.runtime.database, Offsets(bank.runtime.database, "bank")
        tokens: list[str] = []

        async def retry(session: Session, attempt: int) -> None:
            await database.collection("parked").find_one({}, session=session)
            if attempt == 0:
                tokens.append(await offsets.pause("rebuild", datetime.now(UTC)))
            await offsets.unless_paused(session)

        with pytest.raises(Paused):
            await database.transaction(retry)
        await offsets.resume(*tokens)
        assert await database.transaction(lambda session, _: offsets.unless_paused(session)) is None
        assert await database.collection("pauses").find_one({"_id": "bank"}) is None


async def test_a_pause_is_ended_by_who_made_it_and_taken_over_by_the_next_one(open_bank: Open) -> None:
    """One that stood still and wakes ends none but its own; of one that was killed nothing is left."""
    async with open_bank() as bank:
        await bank.tell(A_DAY)
        offsets = Offsets(bank.runtime.database, "bank")
        stalled = await offsets.pause("rebuild", datetime.now(UTC))
        async with bank.runtime.paused("bank", "the next"):
            await offsets.resume(stalled)
            rows = [*await bank.rows("offsets", group="bank"), *await bank.rows("pauses")]
            assert [row["paused"]["reason"] for row in rows] == ["the next"] * 4
        for collection in ("offsets", "pauses"):
            assert await bank.rows(collection, paused={"$exists": True}) == []
        await bank.tell([Deposited(account_id="b", amount=1)])
        assert await bank.account("b") == ("other", 8)


async def test_a_pause_of_an_older_version_is_ended_by_the_next_one(open_bank: Open) -> None:
    async with open_bank() as bank:
        await bank.tell(A_DAY)
        old = {"paused": {"reason": "rebuild", "at": datetime.now(UTC)}}
        await bank.runtime.collection("pauses").insert_one({"_id": "bank", **old})
        await bank.update("offsets", {"$set": old})
        async with bank.runtime.paused("bank"):
            pass
        await bank.tell([Deposited(account_id="b", amount=1)])
        assert await bank.account("b") == ("other", 8)
