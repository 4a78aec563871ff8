"""The laws of the sync, tried by Hypothesis: customers, agents, a bad line, dying workers and a clock, in any order.

1. At rest both sides say the same, or the record is parked, which people see, or the log has that it was overruled.
2. A consent is never looser than either side said last, unless the person has seen the other side's word and decided.
3. Nothing goes to and fro.
4. Each change record is in the timeline once.
5. Whoever was erased does not come back.

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

OFTEN = (
    "push: Applied",
    "push: Conflict",
    "push: Ambiguous",
    "push: Retry",
    "push: Reject",
    "push: landed late",
    "a worker died before it is written",
    "a worker died after it is written",
    "a worker died with what it had claimed",
    "a worker was overtaken while it called",
    "both changed profile",
    "both changed consents",
    "both changed contact_points",
    "came from the CRM: profile",
    "came from the CRM: consent",
    "came from the CRM: contact_point",
    "merged into another customer's contact",
    "journal: parked",
    "journal: erased_confirmed",
    "journal: breaker_opened",
    "journal: breaker_closed",
    "journal: drift",
)
"""What these runs are for."""


@pytest.fixture
async def loop(own_stores: Stores) -> asyncio.AbstractEventLoop:
    """The loop that the pools belong to. It does not run while a test that is no coroutine does."""
    return asyncio.get_running_loop()


@pytest.mark.parametrize("conditional", [True, False], ids=["fenced", "unfenced"])
def test_the_laws_hold(own_stores: Stores, loop: asyncio.AbstractEventLoop, conditional: bool) -> None:
    reached = try_out(own_stores, loop, conditional, examples=12, steps=50, always_the_same=True)
    assert_far_enough(reached)


@pytest.mark.slow
@pytest.mark.parametrize("conditional", [True, False], ids=["fenced", "unfenced"])
def test_the_laws_hold_for_long(own_stores: Stores, loop: asyncio.AbstractEventLoop, conditional: bool) -> None:
    reached = try_out(own_stores, loop, conditional, examples=20, steps=80)
    assert_far_enough(reached)


def assert_far_enough(reached: Counter[str]) -> None:
    """A run that comes to hardly anything says nothing about the laws."""
    missing = [what for what in OFTEN if not reached[what]]
    assert len(missing) <= len(OFTEN) // 4, f"it did not come to {missing}"


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
