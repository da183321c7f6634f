"""The toy bank over HTTP, written as a service's routes are: what the kit promises is tested on these."""

from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from shared.contracts.base import Contract, Id, Name
from shared.runtime.commands import command
from shared.runtime.errors import NotFound
from shared.runtime.http import Runtime, etag, not_modified
from shared.runtime.paging import Cursor, Limit, paginate
from tests.runtime.bank import ACCOUNT, Account, AccountOpened, Deposited, OwnerChanged, Transferred

router = APIRouter()


class Opening(Contract):
    account_id: Id
    owner: Name


class Deposit(Contract):
    amount: int = Field(strict=True, le=10**15)


class Transfer(Contract):
    to: Id
    amount: int = Field(strict=True, ge=1, le=10**15)


class Ownership(Contract):
    owner: Name


@router.post("/accounts", status_code=201)
async def open_account(request: Request, runtime: Runtime, body: Opening) -> Response:
    message = AccountOpened(account_id=body.account_id, owner=body.owner)
    return await command(request, runtime, message, body.account_id, partial(shown, id=body.account_id), status=201)


@router.post("/accounts/{id}/deposits")
async def deposit(request: Request, runtime: Runtime, id: Id, body: Deposit) -> Response:
    message = Deposited(account_id=id, amount=body.amount)
    return await command(request, runtime, message, id, partial(shown, id=id))


@router.post("/accounts/{id}/transfers")
async def transfer(request: Request, runtime: Runtime, id: Id, body: Transfer) -> Response:
    message = Transferred(account_id=id, to=body.to, amount=body.amount)
    return await command(request, runtime, message, id, partial(shown, id=id))


@router.put("/accounts/{id}/owner")
async def change_owner(request: Request, runtime: Runtime, id: Id, body: Ownership) -> Response:
    message = OwnerChanged(account_id=id, owner=body.owner)
    return await command(request, runtime, message, id, partial(shown, id=id))


@router.get("/accounts/{id}")
async def get_account(request: Request, runtime: Runtime, id: Id) -> Response:
    stored = await runtime.store.get(ACCOUNT, id)
    if stored is None or stored.state is None:
        raise NotFound(f"no account {id}")
    tag = etag(stored.revision, stored.sequence)
    if not_modified(request, tag):
        return Response(status_code=304, headers={"ETag": tag})
    return JSONResponse(shown(stored.state, id), headers={"ETag": tag})


@router.get("/accounts")
async def list_accounts(runtime: Runtime, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """By owner, of whom many may have the same name."""
    page = await paginate(
        runtime.collection("accounts"),
        {"owner": {"$exists": True}},
        sort=[("owner", 1), ("_id", -1)],
        limit=limit,
        cursor=cursor,
    )
    items = [{"account_id": row["_id"], "owner": row["owner"], "balance": row["balance"]} for row in page.items]
    return {"items": items, "next_cursor": page.next_cursor}


def shown(account: Account, id: str) -> dict[str, Any]:
    return {"account_id": id, **account.model_dump()}
