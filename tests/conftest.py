from collections.abc import Iterator

import pytest

from tests.support.stack import Stack, real_stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Started at the first test that asks for it, once per session."""
    with real_stack() as running:
        yield running
