"""Lets aiokafka read records whose header *names* are not UTF-8.

Kafka takes any bytes there and some clients send them; aiokafka cannot decode such a name, and every fetch of that
partition fails on it for ever. Here the name arrives escaped, so the record is parked or read past like any other.
"""

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record import default_records, memory_records
from aiokafka.record.util import decode_varint_py


class _Escaping(bytearray):
    def __getitem__(self, part: Any) -> Any:
        found = super().__getitem__(part)
        return _Escaping(found) if isinstance(part, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return bytes(self).decode(encoding, "backslashreplace")


class _PatientBatch(default_records._DefaultRecordBatchPy):  # type: ignore[misc]
    """aiokafka's own batch in Python: slow, so it only reads what the compiled one cannot."""

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        self._buffer: bytearray = _Escaping(self._buffer)

    def _read_msg(self) -> Any:
        return super()._read_msg(decode_varint_py)


class _Batch:
    def __init__(self, fast: Any, raw: memoryview) -> None:
        self._fast = fast
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fast, name)

    def __next__(self) -> Any:
        return next(self._fast)

    def __iter__(self) -> Iterator[Any]:
        try:
            return iter(list(self._fast))
        except UnicodeDecodeError:
            return iter(_PatientBatch(self._raw))


class _Records(memory_records._MemoryRecordsPy):  # type: ignore[misc]
    def next_batch(self) -> Any:
        raw = self._next_slice
        batch = super().next_batch()
        return _Batch(batch, raw) if raw is not None and batch.magic >= 2 else batch


def read_any_header_name() -> None:
    """For all consumers of this process. Harmless when called again."""
    fetcher.MemoryRecords = _Records
