"""HTTP of the inquiries service: commands go through the table of `handlers.py`, reads join the cards."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field
from uuid6 import uuid7

from services.inquiries.commands import (
    AmendInquiry,
    Amendment,
    AssignInquiry,
    Assignment,
    NewMessage,
    PostMessage,
    ReopenInquiry,
    ResolveInquiry,
    WaitForOrder,
)
from services.inquiries.domain.categories import GROUPS, TREE
from services.inquiries.domain.inquiry import Inquiry
from services.inquiries.domain.message import COLLECTION as MESSAGES
from services.inquiries.lookout import Watch
from services.inquiries.reading import Sight, see, show
from services.inquiries.repository import INQUIRY, NEWEST_FIRST, criteria, messages_of
from services.inquiries.views import JoinedTicketView, MessageView, TicketView
from shared.contracts.base import Code, Contract, Id, Utc
from shared.contracts.inbox_inquiries import InquiriesMessage, InquirySubmitted
from shared.contracts.inquiries import Category, Channel, InquiryStatus, OrderMoment
from shared.runtime.commands import command
from shared.runtime.errors import NotFound
from shared.runtime.http import Runtime, not_modified
from shared.runtime.paging import Cursor, Limit, Page, paginate

router = APIRouter()
STILL_THERE = 2.0
"""Seconds after which a long poll asks whether its caller is still there."""


class NewInquiry(InquirySubmitted):
    inquiry_id: Id = Field(default_factory=lambda: f"inq_{uuid7()}")


class Wait(Contract):
    moment: Annotated[OrderMoment, Field(alias="for")]


async def answer(request: Request, runtime: Runtime, message: InquiriesMessage, status: int = 200) -> Response:
    """The ticket after the command, with what may be done next."""
    return await command(request, runtime, message, message.inquiry_id, _shown, status=status)


def _shown(ticket: Inquiry) -> dict[str, Any]:
    return TicketView.of(ticket).model_dump(mode="json")


@router.post("/inquiries", status_code=201, response_model=TicketView)
async def open_inquiry(request: Request, runtime: Runtime, body: NewInquiry) -> Response:
    return await answer(request, runtime, InquirySubmitted(**dict(body)), 201)


@router.post("/inquiries/{id}/messages", response_model=TicketView)
async def post_message(request: Request, runtime: Runtime, id: Id, body: NewMessage) -> Response:
    return await answer(request, runtime, PostMessage(inquiry_id=id, **dict(body)))


@router.patch("/inquiries/{id}", response_model=TicketView)
async def amend(request: Request, runtime: Runtime, id: Id, body: Amendment) -> Response:
    """Needs If-Match: two agents must not overwrite each other's corrections."""
    given = {name: getattr(body, name) for name in body.model_fields_set}
    return await answer(request, runtime, AmendInquiry(inquiry_id=id, **given))


@router.post("/inquiries/{id}/assign", response_model=TicketView)
async def assign(request: Request, runtime: Runtime, id: Id, body: Assignment) -> Response:
    return await answer(request, runtime, AssignInquiry(inquiry_id=id, assignee=body.assignee))


@router.post("/inquiries/{id}/wait", response_model=TicketView)
async def wait_for_order(request: Request, runtime: Runtime, id: Id, body: Wait) -> Response:
    return await answer(request, runtime, WaitForOrder(inquiry_id=id, moment=body.moment))


@router.post("/inquiries/{id}/resolve", response_model=TicketView)
async def resolve(request: Request, runtime: Runtime, id: Id) -> Response:
    return await answer(request, runtime, ResolveInquiry(inquiry_id=id))


@router.post("/inquiries/{id}/reopen", response_model=TicketView)
async def reopen(request: Request, runtime: Runtime, id: Id) -> Response:
    return await answer(request, runtime, ReopenInquiry(inquiry_id=id))


@router.get("/inquiries/{id}", response_model=JoinedTicketView)
async def read_inquiry(
    request: Request, runtime: Runtime, watch: Watch, id: Id, wait: Annotated[float, Query(ge=0, le=30)] = 0
) -> Response:
    """With If-None-Match and `wait` it answers once the ticket or a card changes, or with 304 after so many seconds."""
    sight = await _changed(request, runtime, watch, id, wait)
    headers = {"ETag": sight.tag, "Cache-Control": "no-cache"}
    if not_modified(request, sight.tag):
        return Response(status_code=304, headers=headers)
    joined = await show(runtime, sight)
    return JSONResponse(joined.model_dump(mode="json", by_alias=True), headers=headers)


async def _changed(request: Request, runtime: Runtime, watch: Watch, id: str, wait: float) -> Sight:
    """The ticket once it differs from what the caller has, or as it is when time is up or the service stops."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + wait
    while True:
        sight = await _known(runtime, id)
        left = deadline - clock()
        over = left <= 0 or runtime.stopping.is_set() or await request.is_disconnected()
        if over or not not_modified(request, sight.tag):
            return sight
        await watch.news(id, sight, min(left, STILL_THERE))


async def _known(runtime: Runtime, id: str) -> Sight:
    sight = await see(runtime, id)
    if sight is None:
        raise NotFound(f"inquiry {id} is not known")
    return sight


@router.get("/inquiries/{id}/messages")
async def read_messages(runtime: Runtime, id: Id, limit: Limit = 50, cursor: Cursor = None) -> Page:
    """The whole conversation, newest first."""
    ticket = (await _known(runtime, id)).ticket
    rows = runtime.collection(MESSAGES)
    page = await paginate(rows, messages_of(ticket), sort=[("_id", -1)], limit=limit, cursor=cursor)
    return Page([MessageView.model_validate(row).model_dump(mode="json") for row in page.items], page.next_cursor)


@router.get("/inquiries")
async def list_inquiries(
    runtime: Runtime,
    status: Annotated[list[InquiryStatus] | None, Query()] = None,
    category: Category | None = None,
    assignee: Code | None = None,
    order_id: Id | None = None,
    customer_id: Id | None = None,
    product_id: Id | None = None,
    channel: Channel | None = None,
    created_from: Utc | None = None,
    created_to: Utc | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page:
    """Newest first. `status` may be given more than once; `created_to` is the first moment left out."""
    wanted = criteria(
        created_from,
        created_to,
        status=status,
        category=category,
        assignee=assignee,
        order_id=order_id,
        customer_id=customer_id,
        product_id=product_id,
        channel=channel,
    )
    tickets = runtime.collection(INQUIRY.collection)
    page = await paginate(tickets, wanted, sort=NEWEST_FIRST, limit=limit, cursor=cursor)
    return Page([TicketView.of(INQUIRY.load(row)).model_dump(mode="json") for row in page.items], page.next_cursor)


@router.get("/categories")
async def categories() -> dict[str, Any]:
    """What may be asked about, and what we must know to answer it."""
    return {"items": [{"group": group, "label": vars(label), "subs": _subs(group)} for group, label in GROUPS.items()]}


def _subs(group: str) -> list[dict[str, Any]]:
    return [
        {"category": category, "label": vars(sub.label), "required": sub.required, "also_asked": sub.also_asked}
        for category, sub in TREE.items()
        if category.startswith(f"{group}.")
    ]
