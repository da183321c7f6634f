"""Waiting for what has to come about, with a deadline in place of a sleep."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx

T = TypeVar("T")


async def eventually(look: Callable[[], Awaitable[T]], *, within: float = 30.0) -> T:
    """What `look` finds once it finds something; what it asserts may fail, and a service be silent, until then."""
    deadline = time.monotonic() + within
    while True:
        try:
            if found := await look():
                return found
            reason: object = found
        except (AssertionError, httpx.HTTPError) as error:
            reason = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {reason!r}")
        await asyncio.sleep(0.05)
