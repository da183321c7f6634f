"""Every way a record can be wrong is named; what is right comes back as it went."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.envelope import MAX_VALUE_BYTES, Envelope, Headers, Malformed, decode, encode

GOOD: Mapping[str, bytes | None] = {
    "ce_specversion": b"1.0",
    "ce_id": b"7d0a1f6e-8a3f-4b55-9b0e-0b3f8f1f2a10",
    "ce_source": b"/payments",
    "ce_type": b"orders.PaymentCaptured.v1",
    "ce_time": b"2026-11-20T01:02:30.125Z",
    "ce_subject": b"ord_1",
}
STRUCTURED: Headers = [("content-type", b"application/cloudevents+json; charset=UTF-8")]


def headers(**changed: bytes | None) -> Any:
    """aiokafka gives None for a header without a value."""
    return list({**GOOD, **changed}.items())


def structured(**changed: Any) -> bytes:
    attributes = {name.removeprefix("ce_"): value.decode() for name, value in GOOD.items() if value is not None}
    return json.dumps({**attributes, "data": {"order_id": "ord_1"}, **changed}).encode()


def answer(key: bytes | None, value: bytes | None, given: Any) -> Envelope | Malformed:
    try:
        return decode(key, value, given)
    except Malformed as refused:
        return refused


def malformed(key: bytes | None, value: bytes | None, given: Any) -> str:
    with pytest.raises(Malformed) as refused:
        decode(key, value, given)
    assert refused.value.sentence
    return refused.value.field


def test_binary_mode_is_read() -> None:
    assert decode(b"ord_1", b'{"a":1}', headers(ce_sequence=b"7", traceparent=b"00-aa-bb-01")) == Envelope(
        id="7d0a1f6e-8a3f-4b55-9b0e-0b3f8f1f2a10",
        source="/payments",
        type="orders.PaymentCaptured.v1",
        time=datetime(2026, 11, 20, 1, 2, 30, 125_000, tzinfo=UTC),
        subject="ord_1",
        data=b'{"a":1}',
        sequence=7,
        traceparent="00-aa-bb-01",
    )


def test_structured_mode_is_read_as_the_same_message() -> None:
    in_binary = decode(b"ord_1", b'{"order_id": "ord_1"}', headers(ce_sequence=b"3"))
    assert decode(b"ord_1", structured(sequence=3), STRUCTURED) == in_binary


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("raw", [None, b""])
def test_a_missing_attribute_is_named(name: str, raw: bytes | None) -> None:
    assert malformed(b"ord_1", b"{}", headers(**{name: raw})) == name


@pytest.mark.parametrize("name", [*GOOD, "ce_sequence", "ce_correlationid", "traceparent"])
def test_a_header_that_is_not_utf8_is_named(name: str) -> None:
    assert malformed(b"ord_1", b"{}", headers(**{name: b"\xff\xfe"})) == name


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("ce_specversion", b"0.3"),
        ("ce_time", b"yesterday"),
        ("ce_time", b"2026-11-20T01:02:30"),
        ("ce_time", b"2026-13-20T01:02:30Z"),
        ("ce_time", b"0001-01-01T00:00:00+09:00"),
        ("ce_time", b"9999-12-31T23:59:59-09:00"),
        ("ce_time", b"9999-12-30T00:00:00Z"),
        ("ce_time", b"2099-12-31T23:59:59-00:01"),
        ("ce_time", b"1969-12-31T23:59:59.999Z"),
        ("ce_sequence", b"seven"),
        ("ce_sequence", b"-1"),
        ("ce_sequence", b""),
        ("ce_sequence", b"9" * 16),
        ("ce_sequence", "٣".encode()),
        ("ce_subject", b"ord 1"),
        ("ce_subject", b"../ord_1"),
        ("ce_subject", b"a" * 101),
        ("ce_id", b"i" * 301),
        ("ce_source", b"/" * 301),
    ],
)
def test_a_wrong_attribute_is_named(name: str, raw: bytes) -> None:
    key = raw if name == "ce_subject" else b"ord_1"
    assert malformed(key, b"{}", headers(**{name: raw})) == name


@pytest.mark.parametrize("key", [None, b"", b"ord_2", b"\xff"])
def test_the_key_equals_the_subject(key: bytes | None) -> None:
    assert malformed(key, b"{}", headers()) == "key"


@pytest.mark.parametrize("value", [None, b" " * (MAX_VALUE_BYTES + 1)])
def test_a_value_is_needed_and_has_a_limit(value: bytes | None) -> None:
    assert malformed(b"ord_1", value, headers()) == "value"


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (b"", "value"),
        (b"\xff\xff", "value"),
        (b"{", "value"),
        (b"[" * 100_000, "value"),
        (structured(data={"name": "\ud800"}), "value"),
        (b"[]", "data"),
        (structured().replace(b'"data"', b'"data_base64"'), "data"),
        (structured(source="\ud800"), "ce_source"),
        (structured(id={"nested": 1}), "ce_id"),
        (structured(time=None), "ce_time"),
        (structured(sequence=1.5), "ce_sequence"),
    ],
)
def test_a_wrong_structured_event_is_named(value: bytes, field: str) -> None:
    assert malformed(b"ord_1", value, STRUCTURED) == field


def test_header_names_are_read_in_any_case_and_foreign_headers_are_passed_over() -> None:
    given = [(name.upper(), raw) for name, raw in headers()] + [("x-tenant", b"\xff"), ("ce_partitionkey", b"ord_1")]
    assert decode(b"ord_1", b"{}", given).id == "7d0a1f6e-8a3f-4b55-9b0e-0b3f8f1f2a10"


IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,99}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)
ENVELOPES = st.builds(
    Envelope,
    id=TEXTS,
    source=TEXTS,
    type=TEXTS,
    time=st.datetimes(datetime(1970, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)).map(
        lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    ),
    subject=IDS,
    data=st.binary(max_size=200),
    sequence=st.none() | st.integers(0, 10**15 - 1),
    aggregate=st.none() | TEXTS,
    correlation_id=st.none() | TEXTS,
    causation_id=st.none() | TEXTS,
    traceparent=st.none() | TEXTS,
)


@given(ENVELOPES)
def test_what_is_encoded_is_decoded(envelope: Envelope) -> None:
    assert decode(*encode(envelope)) == envelope


@given(st.none() | st.binary(), st.none() | st.binary(), st.lists(st.tuples(st.text(), st.binary())))
def test_whatever_arrives_is_read_or_malformed(key: bytes | None, value: bytes | None, given: Headers) -> None:
    assert answer(key, value, given)


@given(st.dictionaries(st.sampled_from([n.removeprefix("ce_") for n in GOOD] + ["data"]), st.text() | st.integers()))
def test_whatever_structured_arrives_is_read_or_malformed(changed: dict[str, Any]) -> None:
    assert answer(b"ord_1", structured(**changed), STRUCTURED)
