"""Something that a provider publishes, kept for a while."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from portal import clock
from portal.identity.failures import LoginFailed, ProviderDown

T = TypeVar("T")

FRESH_SECONDS = 3600.0
STALE_SECONDS = 86_400.0
"""A provider that does not answer is no reason to forget what it said within the last day."""

AGAIN_SECONDS = 30.0
"""How often a reason to doubt what is kept may make us ask again."""

PAUSE_SECONDS = 2.0
"""After a failure, those who wait get the same answer instead of waiting in turn for another."""


class Fetched(Generic[T]):
    """A value that is fetched when it is first needed and then once an hour, by one caller at a time."""

    def __init__(self, fetch: Callable[[], Awaitable[T]]) -> None:
        self._fetch = fetch
        self._lock = asyncio.Lock()
        self._value: T | None = None
        self._fetched_at = self._doubted_at = self._failed_at = float("-inf")
        self._failure: LoginFailed = ProviderDown("not asked yet")

    async def get(self) -> T:
        """The value, at most an hour old while the provider answers, at most a day while it does not."""
        if self._value is not None and self._age(self._fetched_at) < FRESH_SECONDS:
            return self._value
        return await self._renew(since=self._fetched_at)

    async def again(self) -> T:
        """The value, asked for anew unless that was done just now."""
        if self._value is not None and self._age(self._doubted_at) < AGAIN_SECONDS:
            return self._value
        self._doubted_at = clock.current.monotonic()
        return await self._renew(since=self._fetched_at)

    async def _renew(self, since: float) -> T:
        async with self._lock:
            if self._value is not None and self._fetched_at > since:
                return self._value  # somebody else has just done it
            if self._age(self._failed_at) >= PAUSE_SECONDS:
                try:
                    self._value = await self._fetch()
                    self._fetched_at = clock.current.monotonic()
                    return self._value
                except LoginFailed as failure:
                    self._failure, self._failed_at = failure, clock.current.monotonic()
            usable = isinstance(self._failure, ProviderDown) and self._age(self._fetched_at) < STALE_SECONDS
            if self._value is not None and usable:
                return self._value
            raise self._failure

    @staticmethod
    def _age(moment: float) -> float:
        return clock.current.monotonic() - moment
