"""Calling a CRM as somebody who has logged in."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping


class Session:
    """What a login gave, as the `Authorization` header says it: asked for when it is needed, and anew when it is
    refused, by one at a time."""

    def __init__(self, scheme: str, log_in: Callable[[], Awaitable[str]]) -> None:
        self._scheme, self._log_in = scheme, log_in
        self._given = ""
        self._one_at_a_time = asyncio.Lock()

    async def headers(self, fresh: bool) -> Mapping[str, str]:
        """Who we are.

        Raises:
            CallFailed: with Retry: the login is refused, or cannot be made at present.
        """
        refused = self._given if fresh else ""
        async with self._one_at_a_time:
            if not self._given or self._given == refused:
                self._given = await self._log_in()
        return {"authorization": f"{self._scheme} {self._given}"}
