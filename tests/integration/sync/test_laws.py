"""The laws of the sync, tried by Hypothesis: customers, agents, a bad line, dying workers and a clock, in any order.

1. At rest both sides say the same, or the record is parked, which people see, or the log has that it was overruled.
2. A consent is never looser than either side said last, unless the person has seen the other side's word and decided.
3. Nothing goes to and fro.
4. Each change record is in the timeline once.
5. Whoever was erased does not come back.
6. Whoever's processing is restricted is shown as such, and nobody else is.

A failure prints the steps. The short run is always the same one; `pytest --hypothesis-seed=N` replays a long one, its
waits included.
"""

import asyncio
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conftest import Stores
from tests.integration.sync.company import Company

ALWAYS = (
    "push: Applied",
    "push: Ambiguous",
    "a worker died before it is written",
    "a worker died after it is written",
    "a worker died with what it had claimed",
    "a worker was overtaken while it called",
    "both changed contact_points",
    "came from the CRM: profile",
    "journal: parked",
    "journal: breaker_opened",
    "journal: restricted_confirmed",
    "journal: resync",
)
"""What these runs are for."""

USUALLY = (
    "push: Reject",
    "push: landed late",
    "both changed consents",
    "came from the CRM: consent",
    "came from the CRM: contact_point",
    "merged into another customer's contact",
    "journal: breaker_closed",
    "journal: erased_confirmed",
)
"""What the short run, which is always the same, comes to as well; one that is left to chance may miss some."""

SELDOM = ("push: Conflict", "push: Retry", "both changed profile")
"""What a run that is left to chance comes to, but for some of it."""


@pytest.fixture
async def loop(own_stores: Stores) -> asyncio.AbstractEventLoop:
    """The loop that the pools belong to. It does not run while a test that is no coroutine does."""
    return asyncio.get_running_loop()


@pytest.mark.parametrize("conditional", [True, False], ids=["fenced", "unfenced"])
def test_the_laws_hold(own_stores: Stores, loop: asyncio.AbstractEventLoop, conditional: bool) -> None:
    reached = try_out(own_stores, loop, conditional, examples=18, steps=50, always_the_same=True)
    assert not missing(reached, *ALWAYS, *USUALLY)


@pytest.mark.slow
@pytest.mark.parametrize("conditional", [True, False], ids=["fenced", "unfenced"])
def test_the_laws_hold_for_long(own_stores: Stores, loop: asyncio.AbstractEventLoop, conditional: bool) -> None:
    reached = try_out(own_stores, loop, conditional, examples=20, steps=80)
    assert not missing(reached, *ALWAYS)
    assert len(missing(reached, *USUALLY, *SELDOM)) <= 3


def missing(reached: Counter[str], *of: str) -> list[str]:
    """What a run did not come to. One that comes to hardly anything says nothing about the laws."""
    return [what for what in of if not reached[what]]


def try_out(
    stores: Stores,
    loop: asyncio.AbstractEventLoop,
    conditional: bool,
    *,
    examples: int,
    steps: int,
    always_the_same: bool = False,
) -> Counter[str]:
    """Run it, and give what it came to."""
    reached: Counter[str] = Counter()

    class Machine(Company):
        def __init__(self) -> None:
            super().__init__(stores, loop, reached, conditional=conditional)

    calm = list(HealthCheck)  # the machine's slowness says nothing here
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=always_the_same,
            deadline=None,
            suppress_health_check=calm,
            database=None,
        ),
    )
    for what, times in sorted(reached.items()):
        print(f"{times:6} {what}")
    return reached
