"""The sales reports of analytics, as far as the demo shows them."""

import httpx
from pydantic import BaseModel

from deploy.replay.period import Period


class Sales(BaseModel):
    orders: int
    units: int
    gross: int
    discounts: int
    reversals: int
    net: int


class Bucket(Sales):
    bucket: str


class Report(BaseModel):
    """The answer of GET /sales, in minor units."""

    grain: str
    rows: list[Bucket]
    total: Sales


class Best(BaseModel):
    rank: int
    product_id: str
    name: str | None
    units: int
    net: int


class BestProducts(BaseModel):
    """The answer of GET /products/top."""

    items: list[Best]


async def report(client: httpx.AsyncClient, analytics: str, grain: str, period: Period) -> Report:
    parameters = {"grain": grain, "from": str(period.first), "to": str(period.last)}
    answer = await client.get(f"{analytics}/sales", params=parameters)
    return Report.model_validate_json(answer.raise_for_status().content)


async def best_products(client: httpx.AsyncClient, analytics: str, period: Period) -> list[Best]:
    parameters = {"from": str(period.first), "to": str(period.last), "limit": "10"}
    answer = await client.get(f"{analytics}/products/top", params=parameters)
    return BestProducts.model_validate_json(answer.raise_for_status().content).items
