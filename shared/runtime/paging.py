"""Lists over HTTP, a page at a time."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import bson
from bson import json_util
from bson.raw_bson import RawBSONDocument
from fastapi import Query

from shared.runtime.decision import Document, Invalid
from shared.runtime.mongo import Collection

PAGE_BYTES = 300_000
"""As stored. A page costs what is in it, and fifty orders of a grocer's have anything from a hundred lines to 2,600."""
Limit = Annotated[int, Query(ge=1, le=200, description="At most: a page of long items ends sooner.")]
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
    index: str | None = None,
) -> Page:
    """One page in a total order: `sort` ends with a unique field. The cursor is opaque and survives new documents.

    A page has `limit` documents, or as many as fit into PAGE_BYTES, but at least one. index: the name of the one to
    look in, where MongoDB had better not choose.
    """
    conditions = [filter] if filter else []
    if cursor is not None:
        conditions.append(_behind(sort, _values(cursor, len(sort))))
    query = {"$and": conditions} if conditions else {}
    raw = collection.with_options(collection.codec_options.with_options(document_class=RawBSONDocument))
    found = raw.find(query, hint=index).sort(list(sort)).limit(limit + 1)
    fitting, more = await _fitting(found, limit)
    items: list[Document] = [bson.decode(document, collection.codec_options) for document in fitting]
    return Page(items, _cursor([_at(items[-1], name) for name, _ in sort]) if more else None)


async def _fitting(found: Any, limit: int) -> tuple[list[bytes], bool]:
    """The documents of the page, and whether there are more behind them."""
    documents: list[bytes] = []
    size = 0
    async with found:
        async for document in found:
            size += len(document.raw)
            if len(documents) == limit or (documents and size > PAGE_BYTES):
                return documents, True
            documents.append(document.raw)
    return documents, False


def _behind(sort: Sequence[tuple[str, int]], values: Sequence[Any]) -> Document:
    """A bound, less what it still lets through: of an `$or` MongoDB makes a plan each, and looks past the filter."""
    at = {name: value for (name, _), value in zip(sort, values, strict=True)}
    first, first_direction = sort[0]
    equal, passed = {first: at[first]}, [at]
    for name, direction in sort[1:]:
        passed.append(equal | {name: {"$lt" if direction > 0 else "$gt": at[name]}})
        equal |= {name: at[name]}
    return {first: {"$gte" if first_direction > 0 else "$lte": at[first]}, "$nor": passed}


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
