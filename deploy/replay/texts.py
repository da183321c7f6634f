"""A file of a data set, parquet or CSV, with every value as the text it holds."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from deploy.replay.refusal import ReplayRefused


def folder_of(path: Path) -> Path:
    if not path.is_dir():
        raise ReplayRefused(f"{path} is no directory; name the one that has the files of the data set.")
    return path


def texts(path: Path, columns: Sequence[str]) -> pl.DataFrame:
    return trimmed(path, whole(path), columns)


def whole(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path) if path.suffix == ".parquet" else _csv(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        kind = path.suffix.removeprefix(".")
        raise ReplayRefused(f"{path} cannot be read as {kind}, copy it again: {str(error).splitlines()[0]}") from error


def trimmed(path: Path, frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """An empty value is none."""
    if wrong := [name for name in columns if frame.schema.get(name) != pl.String]:
        raise ReplayRefused(f"{path} lacks what the replay reads, as text: {', '.join(wrong)}.")
    text = pl.col(columns).str.strip_chars()
    return frame.select(pl.when(text != "").then(text).name.keep())


def _csv(path: Path) -> pl.DataFrame:
    content = path.read_bytes()
    if not content.endswith(b"\n"):
        raise ReplayRefused(f"{path} ends in the middle of a line; copy it again.")
    return pl.read_csv(_unicode(content), infer_schema=False)


def _unicode(content: bytes) -> bytes:
    """Files from spreadsheets are often in the code page of a Western Windows."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace").encode()
    return content
