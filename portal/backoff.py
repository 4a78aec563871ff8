"""How long to wait before trying again."""

from portal import clock

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 300.0


def backoff(attempts: int) -> float:
    """Seconds until the next attempt, after so many failed ones; with jitter, so that many do not come back at once."""
    return delay(attempts, int.from_bytes(clock.token_bytes(4)) / 2**32)


def delay(attempts: int, chance: float) -> float:
    """Twice as long each time up to a limit, of which `chance` (0 to 1) decides the second half."""
    longest = min(FIRST_SECONDS * 2.0 ** min(attempts, 30), LONGEST_SECONDS)
    return longest * (0.5 + chance / 2)
