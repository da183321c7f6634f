"""Erasing a customer from inquiries: who asked and what was said, in all of their tickets at once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from services.inquiries.commands import EraseInquiry
from services.inquiries.domain import message
from services.inquiries.domain.erasing import is_erased
from services.inquiries.domain.inquiry import ERASED_TEXT
from services.inquiries.repository import INQUIRY, messages_of_all
from shared.contracts.base import Id
from shared.runtime.erasing import AT_ONCE, Erasing, Erasure, Removed, Traces
from shared.runtime.http import Runtime, incoming_of
from shared.runtime.mongo import Session
from shared.runtime.personal import CUSTOMERS, ErasePerson
from shared.runtime.waiting_routes import Operator

router = APIRouter(tags=["operations"])


class ErasingInquiries(Erasing):
    order_ids: Annotated[tuple[Id, ...], Field(max_length=100_000)] = ()
    """Of the customer: tickets that name one of these and no customer are erased, too."""


@router.post("/ops/customers/{id}/erase")
async def erase_customer(
    request: Request, runtime: Runtime, operator: Operator, id: Id, body: ErasingInquiries
) -> Removed:
    """Open tickets are resolved: nobody is left to be answered. Erasing again is harmless."""
    tickets = runtime.collection(INQUIRY.collection)
    theirs = {"$or": [{"customer_id": id}, {"customer_id": None, "order_id": {"$in": list(body.order_ids)}}]}

    async def find(session: Session) -> Traces:
        found = [INQUIRY.load(row) async for row in tickets.find(theirs, session=session)]
        ids = [ticket.inquiry_id for ticket in found]
        spoken = await _spoken(runtime, session, ids)
        left = [t.inquiry_id for t in found if t.inquiry_id in spoken or t.erased_at is None or not is_erased(t)]
        erasing = [incoming_of(request, runtime, EraseInquiry(inquiry_id=ticket), ticket) for ticket in left]
        return Traces(ids, [replace(one, actor=operator) for one in erasing])

    async def beside(session: Session, traces: Traces) -> Counter[str]:
        return Counter({"messages": await _silence(runtime, session, traces.subjects)})

    erase = replace(incoming_of(request, runtime, ErasePerson(), id), actor=operator)
    removed = await Erasure(runtime, erase, dry_run=body.dry_run).run(find, beside, "tickets")
    return Removed(removed=removed, dry_run=body.dry_run)


async def _spoken(runtime: Runtime, session: Session, ids: Sequence[str]) -> set[str]:
    """Tickets with a message that says something."""
    messages, found = runtime.collection(message.COLLECTION), set[str]()
    for start in range(0, len(ids), AT_ONCE):
        loud = messages_of_all(ids[start : start + AT_ONCE]) | {"text": {"$ne": ERASED_TEXT}}
        found |= set(await messages.distinct("inquiry_id", loud, session=session))
    return found


async def _silence(runtime: Runtime, session: Session, ids: Sequence[str]) -> int:
    messages, changed = runtime.collection(message.COLLECTION), 0
    for start in range(0, len(ids), AT_ONCE):
        some = messages_of_all(ids[start : start + AT_ONCE])
        loud, theirs = some | {"text": {"$ne": ERASED_TEXT}}, some | {"by": CUSTOMERS}
        changed += (await messages.update_many(loud, {"$set": {"text": ERASED_TEXT}}, session=session)).modified_count
        await messages.update_many(theirs, {"$set": {"by": "customer:erased"}}, session=session)
    return changed
