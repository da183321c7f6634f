"""Do the services say what the files of a source say? The ledger, the orders and the shelves."""

from collections.abc import Iterator, Mapping
from typing import Protocol

import httpx

from deploy.replay.expected import Expected
from deploy.replay.order_states import compare_states, count_orders, found_states
from deploy.replay.reconcile import ledger_against
from deploy.replay.shelves import compare_shelves, found_shelves


class Verdict(Protocol):
    @property
    def ok(self) -> bool: ...

    def sentences(self) -> Iterator[str]: ...


async def against_source(expected: Expected, client: httpx.AsyncClient, urls: Mapping[str, str]) -> list[Verdict]:
    found = await found_states(client, urls["orders"], expected)
    states = compare_states(expected, found, await count_orders(client, urls["orders"]))
    shelves = await found_shelves(client, urls["catalog"])
    return [
        await ledger_against(expected.bookings, client, urls["analytics"]),
        states,
        compare_shelves(expected, found, shelves, states.outside),
    ]
