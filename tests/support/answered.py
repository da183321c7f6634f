"""A request as a client sends it that does what it is told: after a 503, again."""

from collections.abc import Awaitable, Callable

import httpx

from tests.support.eventually import eventually


async def answered(send: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """The first answer that does not say to try again."""

    async def look() -> httpx.Response:
        answer = await send()
        assert answer.status_code != 503, answer.text
        return answer

    return await eventually(look, within=60)
