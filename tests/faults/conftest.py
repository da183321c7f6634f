from collections.abc import AsyncIterator

import pytest

from tests.support.stack import Stack

pytest.register_assert_rewrite("tests.faults.bank")

from tests.faults.bank import Bank, bank_under_fault  # noqa: E402


@pytest.fixture
async def bank(stack: Stack) -> AsyncIterator[Bank]:
    async with bank_under_fault(stack) as bank:
        yield bank
