from collections.abc import AsyncIterator

import pytest

from tests.analytics.integration.shop import Shop, open_shop
from tests.support.stack import Stack


@pytest.fixture
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    async with open_shop(stack) as shop:
        yield shop
