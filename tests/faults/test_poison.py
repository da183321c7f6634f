"""Each kind of record that cannot be applied, between two that can: it is parked or read past, and the rest flows."""

import json
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from shared.contracts.envelope import Headers, decode, encode
from shared.contracts.rejected import CommandRejected
from tests.faults.bank import Bank, send_unparsable, with_own_id
from tests.runtime.bank import Deposited
from tests.support.kafka import read_all

pytestmark = pytest.mark.faults

SECRET = "4711.987654"


@dataclass(frozen=True)
class Poison:
    """One deposit of account `a0`, spoiled. Expected: how it is parked."""

    error: str
    field: str | None
    change: dict[str, Any]
    """Of key, value, or a header (None: without it)."""

    def record(self) -> tuple[bytes | None, bytes | None, Headers]:
        key, value, headers = encode(with_own_id(Deposited(account_id="a0", amount=5)))
        changed = {name: raw for name, raw in {**dict(headers), **self.change}.items() if raw is not None}
        spoiled = [(name, raw) for name, raw in changed.items() if name not in ("key", "value")]
        return self.change.get("key", key), self.change.get("value", value), spoiled


def deposit(**fields: Any) -> bytes:
    return json.dumps({"account_id": "a0", "amount": 5, **fields}).encode()


REQUIRED = ("ce_id", "ce_source", "ce_type", "ce_time", "ce_subject")
STRUCTURED = {"content-type": b"application/cloudevents+json"}
POISON = {
    "no JSON": Poison("INVALID", "value", {"value": b'{"amount": ' + SECRET.encode()}),
    "no UTF-8 in the value": Poison("INVALID", "value", {"value": b'{"account_id": "\xff\xfe"}'}),
    "a lone surrogate": Poison("INVALID", "value", {"value": b'{"account_id": "\\ud800", "amount": 1}'}),
    "a tower of brackets": Poison("INVALID", "value", {"value": b"[" * 100_000}),
    "no UTF-8 in a header": Poison("MALFORMED", "ce_source", {"ce_source": b"\xff\xfe"}),
    "no UTF-8 in the key": Poison("MALFORMED", "key", {"key": b"\xff\xfe"}),
    "a key of 3 MB": Poison("MALFORMED", "key", {"key": b"\xff" * 3_000_000}),
    "no key": Poison("MALFORMED", "key", {"key": None}),
    "no value": Poison("MALFORMED", "value", {"value": None}),
    "an empty value": Poison("INVALID", "value", {"value": b""}),
    "no headers": Poison("MALFORMED", "ce_specversion", dict.fromkeys([*REQUIRED, "ce_specversion", "content-type"])),
    **{f"no {name}": Poison("MALFORMED", name, {name: None}) for name in REQUIRED},
    "no time": Poison("MALFORMED", "ce_time", {"ce_time": b"yesterday"}),
    "a time without a zone": Poison("MALFORMED", "ce_time", {"ce_time": b"2026-03-02T01:00:00"}),
    "a time before time": Poison("MALFORMED", "ce_time", {"ce_time": b"0001-01-01T00:00:00+14:00"}),
    "the end of time": Poison("MALFORMED", "ce_time", {"ce_time": b"9999-12-31T00:00:00Z"}),
    "a time years ahead": Poison("MALFORMED", "ce_time", {"ce_time": b"2099-03-02T01:00:00Z"}),
    "an endless id": Poison("MALFORMED", "ce_id", {"ce_id": b"x" * 301}),
    "a subject that is no id": Poison("MALFORMED", "ce_subject", {"ce_subject": b"a 0", "key": b"a 0"}),
    "another CloudEvents": Poison("MALFORMED", "ce_specversion", {"ce_specversion": b"0.3"}),
    "an unknown version": Poison("UNKNOWN_VERSION", "ce_type", {"ce_type": b"bank.Deposited.v9"}),
    "an unknown type": Poison("UNKNOWN_TYPE", "ce_type", {"ce_type": b"bank.Robbed.v1"}),
    "a key that differs": Poison("MALFORMED", "key", {"key": b"a1"}),
    "a body about another": Poison("INVALID", "account_id", {"value": deposit(account_id="a1")}),
    "a negative amount": Poison("ILLEGAL_MOVE", "amount", {"value": deposit(amount=-4711987654)}),
    "an amount as text": Poison("INVALID", "amount", {"value": deposit(amount=SECRET)}),
    "an amount missing": Poison("INVALID", "amount", {"value": b'{"account_id": "a0"}'}),
    "a list": Poison("INVALID", "value", {"value": b"[]"}),
    "2 MB": Poison("MALFORMED", "value", {"value": deposit(memo="x" * 2_000_000)}),
    "structured, no JSON": Poison("MALFORMED", "value", STRUCTURED | {"value": b"{"}),
    "structured, no data": Poison("MALFORMED", "data", STRUCTURED | {"value": b"{}"}),
}  # fmt: skip


async def test_poison_of_each_kind_is_parked_and_told_to_its_sender(bank: Bank) -> None:
    async with bank.running() as http:
        await bank.tell([*bank.opening(4), *bank.deposits(8, 4)])
        await bank.quiet()
        for poison in POISON.values():
            await _send(bank, *poison.record())
        await bank.tell(bank.deposits(40, 4))
        await bank.quiet()
        assert bank.counts() == {"applied": 52, "parked": len(POISON)}
        accounts = {row["_id"]: row["balance"] for row in bank.database["accounts"].find()}
        assert accounts == dict(bank.balances)
        parked = sorted((row["offset"], row["error"], row["field"]) for row in await _parked(http))
        assert [row[1:] for row in parked] == [(p.error, p.field) for p in POISON.values()]
        rejected = [decode(r.key, r.value, r.headers) for r in await read_all(bank.kafka, bank.topic("rejected"))]
        assert len(rejected) == len(POISON)
        bodies = [CommandRejected.model_validate_json(envelope.data) for envelope in rejected]
        assert sorted((b.error, b.field or "") for b in bodies) == sorted(
            (p.error, p.field or "") for p in POISON.values()
        )
        assert not any(b"4711" in envelope.data or b"xxx" in envelope.data for envelope in rejected)


async def _send(bank: Bank, key: bytes | None, value: bytes | None, headers: Headers) -> None:
    """All into one partition, so that one that blocks would block all."""
    bank.sent += 1
    await bank.client.send_and_wait(bank.topic("inbox"), value, key, partition=0, headers=headers)


async def _parked(http: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await http.get("/ops/parked", params={"limit": "7"} | ({"cursor": cursor} if cursor else {}))).json()
        found += page["items"]
        cursor = page["next_cursor"]
    return found


async def test_a_parked_record_is_shown_and_kept_byte_for_byte(bank: Bank) -> None:
    poison = POISON["no UTF-8 in a header"]
    async with bank.running() as http:
        key, value, headers = poison.record()
        await _send(bank, key, value, headers)
        await bank.quiet()
        (row,) = bank.database["parked"].find()
        assert (row["record"]["key"], row["record"]["value"]) == (key, value)
        assert row["record"]["headers"] == [[name, raw] for name, raw in headers]
        shown = (await http.get("/ops/parked/record", params={"id": row["_id"]})).json()
        assert ["ce_source", "\\xff\\xfe"] in shown["headers"]


async def test_an_outcome_that_cannot_be_stored_is_parked_as_a_bug(bank: Bank) -> None:
    """MongoDB has no integers beyond 64 bits: found by writing, long after the handler was done."""
    async with bank.running() as http:
        await bank.tell(bank.opening(2))
        await bank.quiet()
        before, after = bank.deposits(20, 1), bank.deposits(20, 2)
        huge = with_own_id(Deposited(account_id="a1", amount=10**30))
        for envelope in [*before, huge, *after]:
            await _send(bank, *encode(envelope))
        await bank.quiet()
        parked = [(row["key"], row["error"]) for row in await _parked(http)]
        assert parked == [("a1", "RAISED"), *[("a1", "QUEUED")] * 10]
        account = bank.database["accounts"].find_one({"_id": "a0"})
        assert account is not None and account["balance"] == bank.balances["a0"]
        assert (await http.get("/health/ready")).is_success


async def test_a_header_name_that_is_no_utf_8_is_parked(bank: Bank) -> None:
    """Legal for the broker, and more than the Python client can decode."""
    async with bank.running() as http:
        await bank.tell([*bank.opening(4), *bank.deposits(40, 4)])
        await send_unparsable(bank, partition=0)
        await bank.tell(bank.deposits(40, 4))
        await bank.quiet()
        assert [row["error"] for row in await _parked(http)] == ["MALFORMED"]
        assert {row["_id"]: row["balance"] for row in bank.database["accounts"].find()} == dict(bank.balances)


async def test_structured_mode_is_applied(bank: Bank) -> None:
    event = {
        "specversion": "1.0",
        "id": "s1",
        "source": "/other",
        "type": "bank.Deposited.v1",
        "time": "2026-03-02T10:00:00+09:00",
        "subject": "a0",
        "datacontenttype": "application/json",
        "data": {"account_id": "a0", "amount": 9},
    }
    async with bank.running():
        await bank.tell(bank.opening(1))
        headers = [("content-type", b"application/cloudevents+json; charset=utf-8")]
        for _ in range(2):
            await _send(bank, b"a0", json.dumps(event).encode(), headers)
        bank.balances["a0"] += 9
        await bank.quiet()
        assert bank.counts()["duplicates"] == 1
        await bank.check()


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_every_compression_is_read(bank: Bank, codec: str) -> None:
    sender = AIOKafkaProducer(bootstrap_servers=bank.kafka, compression_type=codec)
    await sender.start()
    try:
        async with bank.running():
            await bank.tell(bank.opening(2))
            for envelope in bank.deposits(20, 2):
                key, value, headers = encode(envelope)
                await sender.send(bank.topic("inbox"), value, key, headers=headers)
            bank.sent += 20
            await sender.flush()
            await bank.quiet()
            await bank.check()
    finally:
        await sender.stop()
