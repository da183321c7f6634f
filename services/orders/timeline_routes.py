"""What happened to an order, from its first event to its newest."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.orders.repository import ORDER
from shared.contracts.base import Contract, Id, Utc
from shared.runtime.errors import NotFound
from shared.runtime.http import Runtime
from shared.runtime.paging import Limit

router = APIRouter()


class TimelineLine(Contract):
    sequence: int
    at: Utc
    """When it happened in the world."""
    type: str
    text: str
    by: str
    """Who did it, as `role:id`."""
    source: str
    """Where the message came from that caused it."""
    event_id: str
    """`ce_id` of the event on `orders.events`."""


class Timeline(Contract):
    items: tuple[TimelineLine, ...]
    newest: int
    """The sequence of the newest event there is."""


@router.get("/orders/{id}/timeline")
async def read_timeline(
    runtime: Runtime, id: Id, limit: Limit = 100, after: Annotated[int, Query(ge=0, lt=10**9)] = 0
) -> Timeline:
    """One line per event, in their order. The next page is `after` the sequence of the last line."""
    stored = await runtime.store.get(ORDER, id)
    if stored is None:
        raise NotFound(f"order {id} is not known")
    lines = await runtime.store.history(ORDER, id, after, limit)
    return Timeline(items=tuple(map(TimelineLine.model_validate, lines)), newest=stored.sequence)
