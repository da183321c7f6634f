"""Does every order stand where its source says? The states that orders tells against those of the files."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import httpx
from pydantic import BaseModel

from deploy.local.failure import StackFailure
from deploy.replay.expected import Expected
from deploy.replay.period import Period
from deploy.replay.reconcile import named, outcome

LATER = {"DELIVERED": "PURCHASE_DECIDED", "PAYMENT_WAITING": "CANCELED_BY_NOPAYMENT"}
"""What becomes of an order by itself once the services have caught up with history."""
A_DAY = timedelta(days=1)


class Placed(BaseModel):
    order_id: str
    status: str


class Page(BaseModel):
    """The answer of GET /orders."""

    items: list[Placed]
    next_cursor: str | None


@dataclass(frozen=True)
class OrderDifference:
    order_id: str
    expected: str
    found: str | None

    def __str__(self) -> str:
        return f"order {self.order_id}: expected {self.expected}, found {self.found or 'no such order'}"


@dataclass(frozen=True)
class StatesVerdict:
    rows: Mapping[tuple[str, str, str | None], int]
    """How many orders, by what the files call them, what they are, and why if that is something else."""
    outside: int
    """Orders that are none of the source's."""
    differences: Sequence[OrderDifference]

    @property
    def ok(self) -> bool:
        return not self.differences

    def sentences(self) -> Iterator[str]:
        yield (
            f"Orders and source: the states of {sum(self.rows.values()):,} orders compared: "
            f"{outcome(len(self.differences))}. Other orders: {self.outside:,}."
        )
        for (row, state, why), count in sorted(self.rows.items(), key=lambda one: (one[0][2] is not None, one[0][:2])):
            yield f"  {count:>9,} {row}: {state}" + (f", for {why}" if why else "")
        yield from named(self.differences, len(self.differences))


async def found_states(client: httpx.AsyncClient, orders: str, expected: Expected) -> dict[str, str]:
    """Of the orders of the expected days, and of the days beside them: clocks are set back at night."""
    days = _parameters(expected.period)
    return {order.order_id: order.status async for order in _placed(client, orders, days)}


async def count_orders(client: httpx.AsyncClient, orders: str) -> int:
    try:
        counts = (await client.get(f"{orders}/orders/counts")).raise_for_status().json()
        return sum(map(int, counts.values()))
    except (httpx.HTTPError, ValueError) as error:
        raise StackFailure(f"{orders}/orders/counts does not answer: {error!r}") from error


def compare_states(expected: Expected, found: Mapping[str, str], placed: int) -> StatesVerdict:
    """`placed`: how many orders there are in all."""
    rows = Counter[tuple[str, str, str | None]]()
    differences = []
    for order_id, row, state, why in expected.states.sort("order").select("order", "row", "state", "why").iter_rows():
        stands = found.get(order_id)
        rows[row, stands if stands == LATER.get(state) and stands else state, why] += 1
        if stands not in (state, LATER.get(state, state)):
            differences.append(OrderDifference(order_id, state, stands))
    known = sum(order_id in found for order_id in expected.states["order"])
    return StatesVerdict(rows, placed - known, differences)


async def _placed(client: httpx.AsyncClient, orders: str, days: Mapping[str, str]) -> AsyncIterator[Placed]:
    cursor: Mapping[str, str] = {}
    while True:
        try:
            answer = await client.get(f"{orders}/orders", params={"limit": "200", **days, **cursor})
            page = Page.model_validate_json(answer.raise_for_status().content)
        except (httpx.HTTPError, ValueError) as error:
            raise StackFailure(f"{orders}/orders does not answer: {error!r}") from error
        for order in page.items:
            yield order
        if page.next_cursor is None:
            return
        cursor = {"cursor": page.next_cursor}


def _parameters(period: Period) -> dict[str, str]:
    bounds = {"from": period.first and period.first - A_DAY, "to": period.last and period.last + 2 * A_DAY}
    return {name: _midnight(day) for name, day in bounds.items() if day}


def _midnight(day: date) -> str:
    return datetime.combine(day, time(), UTC).isoformat()
