"""How long a worker waits after failures."""

from hypothesis import given
from hypothesis import strategies as st

from portal.backoff import FIRST_SECONDS, LONGEST_SECONDS, backoff, delay

attempts = st.integers(0, 10_000)
chances = st.floats(0, 1)


@given(attempts, chances)
def test_it_is_never_over_the_limit_and_never_at_once(attempts: int, chance: float) -> None:
    assert FIRST_SECONDS / 2 <= delay(attempts, chance) <= LONGEST_SECONDS


@given(attempts, chances)
def test_it_never_shrinks_with_more_failures(attempts: int, chance: float) -> None:
    assert delay(attempts + 1, chance) >= delay(attempts, chance)


def test_many_that_failed_together_do_not_come_back_together() -> None:
    assert len({round(backoff(3), 3) for _ in range(50)}) > 25
