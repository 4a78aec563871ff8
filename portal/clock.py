"""Time and randomness behind one interface, so that a test can replay them."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID


class Clock:
    """The real clock and the operating system's random numbers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last_uuid7 = (0, 0)

    def now(self) -> datetime:
        """The present moment in UTC, to the microsecond."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back; only differences mean something."""
        return time.monotonic()

    def token_bytes(self, length: int) -> bytes:
        """Random bytes that nobody can guess."""
        return os.urandom(length)

    def uuid7(self) -> UUID:
        """A time-ordered UUID (RFC 9562, version 7), increasing within one process.

        The 12 bits after the timestamp count within a millisecond (RFC 9562, 6.2, method 1), so that rows made
        together keep their order.
        """
        milliseconds = int(self.now().timestamp() * 1000)
        with self._lock:
            last, counter = self._last_uuid7
            if milliseconds <= last:
                milliseconds, counter = last, counter + 1
                if counter > 0xFFF:
                    milliseconds, counter = last + 1, 0
            else:
                counter = 0
            self._last_uuid7 = (milliseconds, counter)
        low = int.from_bytes(self.token_bytes(8)) & ((1 << 62) - 1)
        return UUID(int=(milliseconds << 80) | (0x7 << 76) | (counter << 64) | (0b10 << 62) | low)


current = Clock()


def now() -> datetime:
    """The present moment in UTC, to the microsecond."""
    return current.now()


def token_bytes(length: int) -> bytes:
    """Random bytes that nobody can guess."""
    return current.token_bytes(length)


def uuid7() -> UUID:
    """A time-ordered UUID."""
    return current.uuid7()


@contextmanager
def replaced(clock: Clock) -> Iterator[Clock]:
    """Let `clock` be the clock of this process for the length of a `with` block."""
    global current
    before, current = current, clock
    try:
        yield clock
    finally:
        current = before
