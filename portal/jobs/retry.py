"""When a job that could not be done is tried again, and when no more."""

import asyncio
from datetime import timedelta

from procrastinate.exceptions import JobAborted
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from portal import clock
from portal.jobs.task import Hopeless

FIRST = timedelta(seconds=5)
LONGEST = timedelta(hours=2)
ATTEMPTS = 36
"""With these pauses a job is given up after two days: whoever waited for it has asked elsewhere by then."""


class Patience(BaseRetryStrategy):
    """Again after longer and longer pauses, unless it is hopeless; at once if the worker was told to stop meanwhile."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, asyncio.CancelledError | JobAborted):
            return RetryDecision(retry_at=clock.now())
        if isinstance(exception, Hopeless) or job.attempts + 1 >= ATTEMPTS:
            return None
        chance = int.from_bytes(clock.token_bytes(4)) / 2**32
        return RetryDecision(retry_at=clock.now() + pause(job.attempts, chance))


def pause(attempts: int, chance: float) -> timedelta:
    """How long to wait after so many failures before: twice as long each time up to a limit, and up to a quarter more
    as `chance` (0 to 1) decides, so that jobs that failed together do not come back together."""
    doubled: timedelta = FIRST * 2 ** min(attempts, 16)
    return min(doubled, LONGEST) * (1 + chance / 4)
