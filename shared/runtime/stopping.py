"""The end of the process, as everything in it hears of it that runs until then."""

import asyncio
from contextlib import suppress


class Stopping(asyncio.Event):
    """Set when the process is about to end."""

    async def rest(self, seconds: float) -> None:
        """Sleep, but no longer than until then."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.wait(), seconds)
