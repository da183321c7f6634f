"""Does the catalog say the truth? Its shelves against its ledger of movements and its reservations."""

from collections.abc import Iterator

import httpx
from pydantic import BaseModel

from deploy.local.failure import StackFailure
from deploy.replay.reconcile import named, outcome


class ShelfDifference(BaseModel):
    product_id: str
    option_id: str
    figure: str
    shelf: int
    source: str
    expected: int

    def __str__(self) -> str:
        whose = f"{self.product_id}, option {self.option_id}, {self.figure}"
        return f"{whose}: the {self.source} say {self.expected:,}, the shelf {self.shelf:,}"


class StockVerdict(BaseModel):
    """The answer of GET /reconcile."""

    ok: bool
    shelves: int
    movements: int
    difference_count: int
    differences: list[ShelfDifference]
    """As many as the catalog lists."""

    def sentences(self) -> Iterator[str]:
        yield (
            f"Stock: {self.shelves:,} shelves compared with {self.movements:,} movements and all reservations: "
            f"{outcome(self.difference_count)}."
        )
        yield from named(self.differences, self.difference_count)


async def shelves_against_movements(client: httpx.AsyncClient, catalog: str) -> StockVerdict:
    try:
        answer = await client.get(f"{catalog}/reconcile")
        return StockVerdict.model_validate_json(answer.raise_for_status().content)
    except (httpx.HTTPError, ValueError) as error:
        raise StackFailure(f"{catalog}/reconcile does not answer: {error!r}") from error
