"""Erasing a customer from orders: from all of theirs at once, or from none while one still needs its recipient."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from fastapi import APIRouter, Request

from services.orders.commands import EraseRecipient
from services.orders.domain.erasing import StillNeeded, still_needed
from services.orders.repository import ORDER
from shared.contracts.base import Id
from shared.runtime.erasing import AT_ONCE, Erasing, Erasure, Removed, Traces
from shared.runtime.history import collection_of, history_of
from shared.runtime.http import Runtime, incoming_of
from shared.runtime.mongo import Session
from shared.runtime.personal import CUSTOMERS, ErasePerson
from shared.runtime.waiting_routes import Operator

router = APIRouter(tags=["operations"])


class RemovedFromOrders(Removed):
    orders: tuple[str, ...]
    """All of the customer's orders there are, for the services that know some of them by their number alone."""


@router.post("/ops/customers/{id}/erase")
async def erase_customer(
    request: Request, runtime: Runtime, operator: Operator, id: Id, body: Erasing
) -> RemovedFromOrders:
    """Refused with 409 while an order is to be shipped or a return is open, each named. Erasing again is harmless."""
    orders = runtime.collection(ORDER.collection)
    found: list[str] = []

    async def find(session: Session) -> Traces:
        known = await orders.find({"customer_id": id}, {"_id": 1}, session=session).to_list(None)
        found[:] = [row["_id"] for row in known]
        left = [ORDER.load(row) async for row in orders.find({"customer_id": id, "erased_at": None}, session=session)]
        needed = {order.state.order_id: why for order in left if (why := still_needed(order.state))}
        if needed:
            raise StillNeeded(needed)
        commands = [EraseRecipient(order_id=order.state.order_id) for order in left]
        erasing = [incoming_of(request, runtime, message, message.order_id) for message in commands]
        return Traces(found, [replace(one, actor=operator) for one in erasing])

    async def beside(session: Session, traces: Traces) -> Counter[str]:
        return Counter({"names in timelines": await _forget_buyers(runtime, session, traces.subjects)})

    erase = replace(incoming_of(request, runtime, ErasePerson(), id), actor=operator)
    removed = await Erasure(runtime, erase, dry_run=body.dry_run).run(find, beside, "recipients")
    return RemovedFromOrders(removed=removed, dry_run=body.dry_run, orders=tuple(found))


async def _forget_buyers(runtime: Runtime, session: Session, ids: Sequence[str]) -> int:
    history, changed = runtime.collection(collection_of(ORDER)), 0
    for start in range(0, len(ids), AT_ONCE):
        some = {"$or": [history_of(id) for id in ids[start : start + AT_ONCE]], "lines.by": CUSTOMERS}
        forget = {"$set": {"lines.$[line].by": "buyer:erased"}}
        result = await history.update_many(some, forget, array_filters=[{"line.by": CUSTOMERS}], session=session)
        changed += result.modified_count
    return changed
