"""What the texts in a column stand for."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from deploy.replay.refusal import ReplayRefused

LARGEST = 1e9
IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9._:~-]{0,59}$"


@dataclass(frozen=True)
class Column(ABC):
    optional: bool = False

    @abstractmethod
    def parsed(self, name: str) -> pl.Expr:
        """Null where the text stands for no such thing."""

    def first_wrong(self, texts: pl.Series, parsed: pl.Series) -> str | None:
        """In the words of a complaint."""
        unread = texts.filter(parsed.is_null() & texts.is_not_null())
        if len(unread):
            return f"{str(unread[0])[:60]!r}"
        return "missing" if parsed.has_nulls() and not self.optional else None


class Text(Column):
    def parsed(self, name: str) -> pl.Expr:
        return pl.col(name)


class Id(Column):
    """What may be an id on the wire."""

    def parsed(self, name: str) -> pl.Expr:
        return _only_if(pl.col(name).str.contains(IDENTIFIER), pl.col(name))


class Stamp(Column):
    """Naive and local."""

    def parsed(self, name: str) -> pl.Expr:
        return pl.col(name).str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="ms", strict=False)


class Number(Column):
    def parsed(self, name: str) -> pl.Expr:
        return pl.col(name).cast(pl.Int64, strict=False)


class Reais(Column):
    """With decimals, not negative."""

    def parsed(self, name: str) -> pl.Expr:
        amount = pl.col(name).cast(pl.Float64, strict=False)
        return _only_if(amount.is_between(0, LARGEST), amount)


def parsed(path: Path, texts: pl.DataFrame, columns: Mapping[str, Column]) -> pl.DataFrame:
    """The columns of a file as what they are."""
    frame = texts.select(column.parsed(name) for name, column in columns.items())
    for name, column in columns.items():
        if (wrong := column.first_wrong(texts[name], frame[name])) is not None:
            raise ReplayRefused(f"{path} has a row whose {name} is {wrong}.")
    return frame


def _only_if(condition: pl.Expr, value: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(value).otherwise(None)
