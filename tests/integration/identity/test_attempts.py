"""The count of attempts, asked of the database itself."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import URL

EVERY = 100
TRY = "SELECT extract(epoch FROM portal.attempt_v1(%s, %s, %s))::float"
WAIT = "UPDATE portal.attempt SET taken_until = taken_until - %s * interval '1 second'"

pytestmark = pytest.mark.asvs("2.4.1")


@pytest.fixture(scope="module")
def owner(database_url: URL) -> Iterator[psycopg.Connection[Any]]:
    """In a transaction that nobody else sees anything of."""
    with psycopg.connect(database_url.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
        yield connection
        connection.rollback()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 6), st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=8))
def test_it_lets_through_what_fits_and_gives_back_one_by_one(
    owner: psycopg.Connection[Any], most: int, rounds: list[tuple[int, int]]
) -> None:
    """`rounds`: for how many turns nobody tries, and how often somebody tries then."""
    owner.rollback()
    taken = 0
    for turns, tries in rounds:
        owner.execute(WAIT, [turns * EVERY])
        taken = max(0, taken - turns)
        for _ in range(tries):
            (wait,) = owner.execute(TRY, [[b"somebody"], [timedelta(seconds=EVERY)], [most]]).fetchone() or (0.0,)
            if taken < most:
                taken += 1
                assert wait is None
            else:
                assert EVERY - 10 < wait <= EVERY, "as long as it takes for one to come back, and not a turn more"


def test_of_several_keys_the_first_that_is_full_decides_and_those_after_it_lose_nothing(
    owner: psycopg.Connection[Any],
) -> None:
    owner.rollback()
    both: list[Any] = [[b"address", b"target"], [timedelta(seconds=EVERY)] * 2, [1, 2]]
    target: list[Any] = [[b"target"], [timedelta(seconds=EVERY)], [2]]

    assert owner.execute(TRY, both).fetchone() == (None,)
    for _ in range(5):
        assert owner.execute(TRY, both).fetchone() != (None,)

    assert owner.execute(TRY, target).fetchone() == (None,)
    assert owner.execute(TRY, target).fetchone() != (None,)
