"""Pages of a list on a real MongoDB."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from shared.runtime.mongo import Collection, Database
from shared.runtime.paging import PAGE_BYTES, paginate
from tests.support.stack import Stack

pytestmark = pytest.mark.stack


@pytest.fixture
async def pile(stack: Stack) -> AsyncIterator[Collection]:
    database = Database(stack.mongo, f"t{uuid4().hex[:8]}-pages")
    try:
        yield database.collection("pile")
    finally:
        await database.drop()
        database.close()


async def pages(pile: Collection, limit: int) -> list[list[int]]:
    found: list[list[int]] = []
    cursor = None
    while not found or cursor:
        page = await paginate(pile, {}, sort=[("_id", 1)], limit=limit, cursor=cursor)
        found.append([document["_id"] for document in page.items])
        cursor = page.next_cursor
    return found


async def test_a_page_of_long_documents_ends_sooner(pile: Collection) -> None:
    third, whole = "x" * (PAGE_BYTES // 3), "x" * PAGE_BYTES
    texts = [third, third, third, "", whole, "", ""]
    await pile.insert_many([{"_id": number, "text": text} for number, text in enumerate(texts)])
    assert await pages(pile, 10) == [[0, 1], [2, 3], [4], [5, 6]]
    assert await pages(pile, 1) == [[number] for number in range(7)]


@pytest.mark.parametrize(("documents", "limit", "sizes"), [(0, 2, [0]), (2, 2, [2]), (3, 2, [2, 1])])
async def test_the_last_page_has_no_cursor(pile: Collection, documents: int, limit: int, sizes: list[int]) -> None:
    if documents:
        await pile.insert_many([{"_id": number} for number in range(documents)])
    assert [len(page) for page in await pages(pile, limit)] == sizes
