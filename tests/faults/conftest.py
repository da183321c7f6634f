from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from tests.support.stack import Stack

pytest.register_assert_rewrite("tests.faults.bank")

from tests.faults.bank import Bank, bank_under_fault  # noqa: E402


@pytest.fixture
async def bank(stack: Stack) -> AsyncIterator[Bank]:
    async with bank_under_fault(stack) as bank:
        yield bank


@pytest.fixture(scope="module", autouse=True)
def short_transactions(request: pytest.FixtureRequest) -> Iterator[None]:
    """MongoDB soon ends what a killed process left open; where it may not be told so, the tests take longer."""
    if request.node.get_closest_marker("faults") is None:
        yield
        return
    stack: Stack = request.getfixturevalue("stack")
    with MongoClient[dict[str, Any]](stack.mongo) as client:
        was = _limit_transactions(client, 5)
        yield
        _limit_transactions(client, was)


def _limit_transactions(client: MongoClient[dict[str, Any]], seconds: int) -> int:
    """The limit there was before."""
    with suppress(OperationFailure):
        seconds = client.admin.command("setParameter", 1, transactionLifetimeLimitSeconds=seconds)["was"]
    return seconds
