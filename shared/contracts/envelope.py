"""CloudEvents 1.0 over Kafka: binary mode written, binary and structured mode read.

A thin codec of our own because it runs for every record; tests hold it against the `cloudevents` package.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.contracts.base import utc_milliseconds

MAX_VALUE_BYTES = 1_000_000
"""A larger value is refused; the inbox topics take 4 MB so that it can be refused visibly."""
Headers = list[tuple[str, bytes]]
YEARS = range(1970, 2100)
"""Of things that happened; a time outside stands for "never" or "unknown", and no deadline can be counted from it."""
_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,99}")
_REQUIRED = ("specversion", "id", "source", "type", "time", "subject")
READ = {*_REQUIRED, "sequence", "aggregate", "correlationid", "causationid", "traceparent"}
"""The attributes that say something here, as a structured CloudEvent writes them."""


class Malformed(Exception):
    """A record that cannot be read. `field` is the header or part that is wrong."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message: CloudEvents attributes and the JSON value, not yet parsed.

    time is when it happened in the world. sequence and aggregate are set on our events only: `sequence` counts the
    events of the document (`aggregate`, `subject`).
    """

    id: str
    source: str
    type: str
    time: datetime
    subject: str
    data: bytes
    sequence: int | None = None
    aggregate: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None


def encode(envelope: Envelope) -> tuple[bytes, bytes, Headers]:
    """Key, value and headers of the Kafka record in binary mode."""
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": envelope.id,
        "ce_source": envelope.source,
        "ce_type": envelope.type,
        "ce_time": envelope.time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "ce_subject": envelope.subject,
        "ce_sequence": None if envelope.sequence is None else str(envelope.sequence),
        "ce_aggregate": envelope.aggregate,
        "ce_correlationid": envelope.correlation_id,
        "ce_causationid": envelope.causation_id,
        "traceparent": envelope.traceparent,
        "content-type": "application/json",
    }
    headers = [(name, value.encode()) for name, value in attributes.items() if value is not None]
    return envelope.subject.encode(), envelope.data, headers


def decode(key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]]) -> Envelope:
    """The message in a Kafka record; raises Malformed naming what is wrong. The value's JSON is not looked at."""
    if value is None:
        raise Malformed("value", "the record has no value")
    if len(value) > MAX_VALUE_BYTES:
        raise Malformed("value", f"the value has {len(value)} bytes, at most {MAX_VALUE_BYTES} are taken")
    named = {name.lower(): raw for name, raw in headers}
    if (named.get("content-type") or b"").startswith(b"application/cloudevents+json"):
        attributes, data = _structured(value)
    else:
        attributes, data = {n.removeprefix("ce_"): _utf8(n, raw) for n, raw in named.items() if _ours(n)}, value
    envelope = _envelope(attributes, data)
    if key is None or key != envelope.subject.encode():
        raise Malformed("key", "the record's key must equal ce_subject")
    return envelope


def is_read(header: str) -> bool:
    """Whether a header of this name says something here, in whatever case."""
    name = header.lower()
    return name == "content-type" or (_ours(name) and name.removeprefix("ce_") in READ)


def _ours(name: str) -> bool:
    return name.startswith("ce_") or name == "traceparent"


def _utf8(name: str, raw: bytes | None) -> str:
    try:
        return (raw or b"").decode()
    except UnicodeDecodeError:
        raise Malformed(name, f"header {name} is not UTF-8") from None


def _structured(value: bytes) -> tuple[dict[str, str], bytes]:
    try:
        body: Any = json.loads(value)
        if not isinstance(body, dict) or "data" not in body:
            raise Malformed("data", "the structured CloudEvent has no data")
        data = json.dumps(body.pop("data"), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Malformed("value", "the structured CloudEvent is not JSON") from None
    return {name: _text(f"ce_{name}", given) for name, given in body.items() if given is not None}, data


def _text(name: str, given: Any) -> str:
    if not isinstance(given, str | int):
        raise Malformed(name, f"{name} is not text")
    return _utf8(name, str(given).encode(errors="surrogatepass"))


def _envelope(attributes: dict[str, str], data: bytes) -> Envelope:
    for name in _REQUIRED:
        if not attributes.get(name):
            raise Malformed(f"ce_{name}", f"ce_{name} is missing")
    for name, value in attributes.items():
        if len(value) > 300 and name in READ:
            raise Malformed(f"ce_{name}", f"ce_{name} is longer than 300 characters")
    if attributes["specversion"] != "1.0":
        raise Malformed("ce_specversion", "only CloudEvents 1.0 is read")
    if not _SUBJECT.fullmatch(attributes["subject"]):
        raise Malformed("ce_subject", "ce_subject is not an id: letters, digits and . _ : ~ -, at most 100")
    return Envelope(
        id=attributes["id"],
        source=attributes["source"],
        type=attributes["type"],
        time=_time(attributes["time"]),
        subject=attributes["subject"],
        data=data,
        sequence=_sequence(attributes.get("sequence")),
        aggregate=attributes.get("aggregate"),
        correlation_id=attributes.get("correlationid"),
        causation_id=attributes.get("causationid"),
        traceparent=attributes.get("traceparent"),
    )


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise Malformed("ce_time", "ce_time needs a zone")
        moment = utc_milliseconds(moment)
    except (ValueError, OverflowError):
        raise Malformed("ce_time", "ce_time is not an RFC 3339 time") from None
    if moment.year not in YEARS:
        raise Malformed("ce_time", f"ce_time lies outside the years {YEARS.start} to {YEARS.stop - 1}")
    return moment


def _sequence(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 16):
        raise Malformed("ce_sequence", "ce_sequence is not a number")
    return int(text)
