from collections.abc import AsyncIterator

import pytest

from tests.support.stack import Stack

pytest.register_assert_rewrite("tests.runtime.branch")

from tests.runtime.branch import Open, branches  # noqa: E402


@pytest.fixture
async def open_bank(stack: Stack) -> AsyncIterator[Open]:
    """Starts the bank, again on the same topics and database with other settings: a deployment."""
    async with branches(stack) as opened:
        yield opened
