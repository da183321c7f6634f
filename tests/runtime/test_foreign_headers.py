"""A record whose header name is not UTF-8 does not stop its partition."""

from collections.abc import Iterator

import pytest
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.record.memory_records import MemoryRecords

from shared.runtime.foreign_headers import read_any_header_name

NONE, LZ4 = 0, 3


class Foreign(str):
    """A name as a client without UTF-8 writes it."""

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"\xff\xfe\xfd"


FOREIGN = Foreign("not UTF-8")


@pytest.fixture(autouse=True)
def _installed_for_one_test() -> Iterator[None]:
    read_any_header_name()
    yield
    fetcher.MemoryRecords = MemoryRecords


def batch(names: list[str], compression: int = NONE) -> bytes:
    """Kafka's bytes of records 0, 1, 2 … with one header each."""
    builder = _DefaultRecordBatchBuilderPy(2, compression, 1, -1, -1, 0, 1_000_000)
    for offset, name in enumerate(names):
        assert builder.append(offset, 0, b"key", b"value", [(name, b"1")]) is not None
    return bytes(builder.build())


def read(data: bytes) -> list[tuple[int, str]]:
    records = fetcher.MemoryRecords(data)
    found = []
    while records.has_next():
        found += [(record.offset, record.headers[0][0]) for record in records.next_batch()]
    return found


def test_aiokafka_alone_cannot_read_it_which_is_why_this_is_here() -> None:
    with pytest.raises(UnicodeDecodeError):
        list(MemoryRecords(batch([FOREIGN])).next_batch())


@pytest.mark.parametrize("compression", [NONE, LZ4])
def test_the_name_arrives_escaped_and_the_records_around_it_as_they_are(compression: int) -> None:
    data = batch(["ce_id", FOREIGN, "ce_type"], compression)
    assert read(data) == [(0, "ce_id"), (1, r"\xff\xfe\xfd"), (2, "ce_type")]


@pytest.mark.parametrize("compression", [NONE, LZ4])
def test_other_batches_are_read_as_ever(compression: int) -> None:
    data = batch(["ce_id", "한글"], compression)
    assert read(data + data) == 2 * [(0, "ce_id"), (1, "한글")]


def test_what_the_consumer_asks_of_a_batch_is_answered_by_aiokafka_s_own() -> None:
    data = batch(["ce_id"])
    ours, theirs = fetcher.MemoryRecords(data).next_batch(), MemoryRecords(data).next_batch()
    for name in ("base_offset", "next_offset", "producer_id", "is_control_batch", "is_transactional"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert ours.validate_crc()
