from collections.abc import AsyncIterator

import pytest

from tests.faults.bank import Bank, bank_under_fault
from tests.support.stack import Stack


@pytest.fixture
async def bank(stack: Stack) -> AsyncIterator[Bank]:
    async with bank_under_fault(stack) as bank:
        yield bank
