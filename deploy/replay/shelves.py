"""What is on the shelves, as catalog tells it, against what a source's files leave there."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass

import httpx
import polars as pl
from pydantic import BaseModel

from deploy.local.failure import StackFailure
from deploy.replay.expected import Expected
from deploy.replay.reconcile import named, outcome


class Shelf(BaseModel):
    on_hand: int
    reserved: int
    available: int


class Product(BaseModel):
    product_id: str
    options: list[Shelf]


class Products(BaseModel):
    """The answer of GET /products."""

    items: list[Product]
    next_cursor: str | None


@dataclass(frozen=True)
class ShelvesVerdict:
    compared: int
    outside: int
    """Orders of others, which take from the same shelves."""
    differences: Sequence[str]

    @property
    def ok(self) -> bool:
        return not self.differences

    def sentences(self) -> Iterator[str]:
        if self.outside:
            yield f"Shelves and source: not compared, {self.outside:,} other orders take from the same shelves."
            return
        yield (
            f"Shelves and source: {self.compared:,} products compared with brought − shipped + restocked: "
            f"{outcome(len(self.differences))}."
        )
        yield from named(self.differences, len(self.differences))


async def products(client: httpx.AsyncClient, url: str) -> AsyncIterator[Product]:
    cursor: str | None = None
    while True:
        parameters = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
        try:
            answer = await client.get(f"{url}/products", params=parameters)
            page = Products.model_validate_json(answer.raise_for_status().content)
        except (httpx.HTTPError, ValueError) as error:
            raise StackFailure(f"{url}/products does not answer: {error!r}") from error
        for product in page.items:
            yield product
        if (cursor := page.next_cursor) is None:
            return


async def found_shelves(client: httpx.AsyncClient, catalog: str) -> dict[str, Shelf]:
    return {product.product_id: product.options[0] async for product in products(client, catalog)}


def expected_shelves(expected: Expected, states: Mapping[str, str]) -> dict[str, Shelf]:
    """Of all products of the file; an order that was never paid holds nothing once its deadline has passed."""
    expired = [order for order, state in states.items() if state == "CANCELED_BY_NOPAYMENT"]
    holds = pl.when(pl.col("order").is_in(expired)).then(0).otherwise("reserved")
    moved = expected.units.group_by("product").agg(holds.sum().alias("reserved"), pl.col("shipped", "restocked").sum())
    left = expected.brought.join(moved, on="product", how="left").fill_null(0)
    on_hand = pl.col("brought") - pl.col("shipped") + pl.col("restocked")
    return {
        product: Shelf(on_hand=on_hand, reserved=reserved, available=on_hand - reserved)
        for product, reserved, on_hand in left.select("product", "reserved", on_hand).iter_rows()
    }


def compare_shelves(
    expected: Expected, states: Mapping[str, str], found: Mapping[str, Shelf], outside: int
) -> ShelvesVerdict:
    """Of the products that were ordered, and of the others that catalog has."""
    wanted, ordered = expected_shelves(expected, states), set(expected.units["product"])
    compared = {product: shelf for product, shelf in wanted.items() if product in ordered or product in found}
    differences = [
        f"product {product}: expected {shelf}, found {found.get(product) or 'no such product'}"
        for product, shelf in sorted(compared.items())
        if found.get(product) != shelf
    ]
    return ShelvesVerdict(len(compared), outside, [] if outside else differences)
