"""Does analytics say the truth? Its rollups against its ledger, and its ledger against the files of a source."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import polars as pl
from pydantic import BaseModel

from deploy.local.failure import StackFailure
from deploy.replay import ledger
from deploy.replay.figures import Difference, differences, sums

NAMED = 500


class RollupDifference(BaseModel):
    scope: str
    product_id: str | None
    grain: str
    bucket: str
    figure: str
    ledger: int
    rollups: int

    def __str__(self) -> str:
        whose = f"{self.scope} {self.product_id}" if self.product_id else self.scope
        return (
            f"{whose}, {self.grain} {self.bucket}, {self.figure}: "
            f"the ledger says {self.ledger:,}, the rollup {self.rollups:,}"
        )


class RollupVerdict(BaseModel):
    """The answer of GET /reconcile."""

    ok: bool
    ledger_rows: int
    rollup_documents: int
    compared: int
    difference_count: int
    differences: list[RollupDifference]
    """As many as analytics lists."""

    def sentences(self) -> Iterator[str]:
        yield (
            f"Rollups and ledger: {self.compared:,} figures of {self.rollup_documents:,} documents compared with "
            f"{self.ledger_rows:,} rows: {outcome(self.difference_count)}."
        )
        yield from named(self.differences, self.difference_count)


@dataclass(frozen=True)
class SourceVerdict:
    orders: int
    compared: int
    outside: int
    """Orders of the ledger that are none of the source's."""
    differences: Sequence[Difference]

    @property
    def ok(self) -> bool:
        return not self.differences

    def sentences(self) -> Iterator[str]:
        yield (
            f"Ledger and source: {self.compared:,} sums of {self.orders:,} orders compared: "
            f"{outcome(len(self.differences))}. Other orders in the ledger: {self.outside:,}."
        )
        yield from named(self.differences, len(self.differences))


def outcome(count: int) -> str:
    return f"{count:,} differ" if count else "all equal"


def named(differences: Sequence[object], count: int) -> Iterator[str]:
    shown = differences[:NAMED]
    yield from (f"  {difference}" for difference in shown)
    if count > len(shown):
        yield f"  … and {count - len(shown):,} more"


async def rollups_against_ledger(client: httpx.AsyncClient, analytics: str) -> RollupVerdict:
    try:
        answer = await client.get(f"{analytics}/reconcile")
        return RollupVerdict.model_validate_json(answer.raise_for_status().content)
    except (httpx.HTTPError, ValueError) as error:
        raise StackFailure(f"{analytics}/reconcile does not answer: {error!r}") from error


async def ledger_against(expected: pl.DataFrame, client: httpx.AsyncClient, analytics: str) -> SourceVerdict:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.jsonl"
        await ledger.download(client, analytics, file)
        return compare(expected, ledger.bookings(file))


def compare(expected: pl.DataFrame, booked: pl.DataFrame) -> SourceVerdict:
    orders = expected.select("order").unique()
    ours = booked.join(orders, on="order", how="semi")
    wanted, found = sums(expected), sums(ours)
    return SourceVerdict(
        orders=orders.height,
        compared=wanted.height,
        outside=booked.join(orders, on="order", how="anti")["order"].n_unique(),
        differences=list(differences(wanted, found)),
    )
