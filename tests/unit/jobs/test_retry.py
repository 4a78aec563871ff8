"""When a job is tried again."""

import asyncio
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from procrastinate.jobs import Job

from portal import clock
from portal.jobs.retry import ATTEMPTS, FIRST, LONGEST, Patience, pause
from portal.jobs.task import Hopeless, NotNow


def a_job(attempts: int = 0) -> Job:
    return Job(id=1, queue="mail", lock=None, queueing_lock=None, task_name="mail", attempts=attempts)


def test_what_is_hopeless_is_not_tried_again() -> None:
    assert Patience().get_retry_decision(exception=Hopeless("550"), job=a_job()) is None


def test_anything_else_is_tried_again_later() -> None:
    for error in (NotNow("451"), OSError(), ZeroDivisionError()):
        decision = Patience().get_retry_decision(exception=error, job=a_job(attempts=3))
        assert decision is not None
        assert decision.retry_at is not None
        assert timedelta(seconds=39) < decision.retry_at - clock.now() < timedelta(seconds=51)


def test_but_not_for_ever() -> None:
    assert Patience().get_retry_decision(exception=NotNow("451"), job=a_job(attempts=ATTEMPTS - 1)) is None
    tried_for = sum((pause(attempts, 0.5) for attempts in range(ATTEMPTS)), timedelta())
    assert timedelta(days=1.5) < tried_for < timedelta(days=3)


def test_what_was_broken_off_by_the_end_of_a_worker_is_tried_at_once() -> None:
    decision = Patience().get_retry_decision(exception=asyncio.CancelledError(), job=a_job(attempts=ATTEMPTS))

    assert decision is not None
    assert decision.retry_at is not None
    assert decision.retry_at <= clock.now()


@given(attempts=st.integers(0, 10_000), chance=st.floats(0, 1))
def test_pauses_grow_up_to_a_limit(attempts: int, chance: float) -> None:
    assert FIRST <= pause(attempts, chance) <= LONGEST * 1.25
    assert pause(attempts + 1, 0) >= pause(attempts, 0)
