"""Lists over HTTP, a page at a time."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import bson
from bson import json_util
from fastapi import Query

from shared.runtime.decision import Document, Invalid
from shared.runtime.mongo import Collection

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=2000)]
_SCALARS = (str, int, float, bool, datetime)


@dataclass(frozen=True)
class Page:
    items: list[Document]
    next_cursor: str | None


async def paginate(
    collection: Collection,
    filter: Document,
    *,
    sort: Sequence[tuple[str, int]],
    limit: int = 50,
    cursor: str | None = None,
) -> Page:
    """One page in a total order: `sort` ends with a unique field. The cursor is opaque and survives new documents."""
    conditions = [filter] if filter else []
    if cursor is not None:
        conditions.append(_behind(sort, _values(cursor, len(sort))))
    query = {"$and": conditions} if conditions else {}
    rows: list[Document] = await collection.find(query).sort(list(sort)).limit(limit + 1).to_list(limit + 1)
    items = rows[:limit]
    more = len(rows) > limit
    return Page(items, _cursor([_at(items[-1], name) for name, _ in sort]) if more else None)


def _behind(sort: Sequence[tuple[str, int]], values: Sequence[Any]) -> Document:
    branches = []
    for n, (name, direction) in enumerate(sort):
        equal = {sort[k][0]: values[k] for k in range(n)}
        branches.append(equal | {name: {"$gt" if direction > 0 else "$lt": values[n]}})
    return {"$or": branches}


def _at(document: Document, path: str) -> Any:
    value: Any = document
    for part in path.split("."):
        value = value[part]
    return value


def _cursor(values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(json_util.dumps(values).encode()).decode().rstrip("=")


def _values(cursor: str, count: int) -> list[Any]:
    try:
        values = json_util.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        bson.encode({"values": values})  # what MongoDB could not take is not from here either
    except Exception:
        values = None
    if not isinstance(values, list) or len(values) != count or not all(isinstance(v, _SCALARS) for v in values):
        raise Invalid("cursor is not one that this list gave", field="cursor")
    return values
