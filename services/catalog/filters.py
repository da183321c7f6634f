"""Which products are asked for, over HTTP."""

from typing import Annotated

from fastapi import Depends, Query

from services.catalog.repository import products_where
from shared.contracts.base import Name
from shared.contracts.catalog import ProductStatus
from shared.runtime.decision import Document


async def _wanted(
    status: Annotated[ProductStatus | None, Query(description="REMOVED products are listed only so")] = None,
    category: Annotated[Name | None, Query(description="a name on the product's category path")] = None,
    text: Annotated[
        str | None,
        Query(max_length=100, pattern=r"^[^\x00]+$", description="words within name, options and SKUs"),
    ] = None,
    below_safety: Annotated[bool | None, Query(description="of any option fewer than its safety level")] = None,
) -> Document:
    return products_where(status, category, text, below_safety)


Wanted = Annotated[Document, Depends(_wanted)]
