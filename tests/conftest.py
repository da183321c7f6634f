from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.stack import Stack, real_stack

settings.register_profile("shared machine", deadline=None)
settings.register_profile("long", deadline=None, max_examples=1_500, stateful_step_count=80)
settings.load_profile("shared machine")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Started at the first test that asks for it, once per session."""
    with real_stack() as running:
        yield running


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`make check` leaves out whatever asks for the stack, marked or not."""
    for item in items:
        if "stack" in getattr(item, "fixturenames", ()):
            item.add_marker("stack")
