"""What a provider publishes is asked for once, kept, and not forgotten because it is down for a while."""

import asyncio
from collections.abc import Iterator

import pytest

from portal import clock
from portal.clock import Clock
from portal.identity.failures import LoginFailed, ProviderDown, ProviderMistaken
from portal.identity.fetched import Fetched


class Moved(Clock):
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 1_000_000.0

    def monotonic(self) -> float:
        return self.seconds


class Published:
    """Gives 1, 2, 3, or fails while a test says so."""

    def __init__(self) -> None:
        self.asked = 0
        self.failure: LoginFailed | None = None

    async def __call__(self) -> int:
        self.asked += 1
        await asyncio.sleep(0)
        if self.failure:
            raise self.failure
        return self.asked


@pytest.fixture
def time() -> Iterator[Moved]:
    with clock.replaced(Moved()) as moved:
        assert isinstance(moved, Moved)
        yield moved


@pytest.fixture
def published() -> Published:
    return Published()


async def test_it_is_asked_for_once_however_many_want_it(time: Moved, published: Published) -> None:
    kept = Fetched(published)
    assert await asyncio.gather(*(kept.get() for _ in range(20))) == [1] * 20
    time.seconds += 3_599
    assert await kept.get() == 1


async def test_it_is_asked_for_anew_after_an_hour(time: Moved, published: Published) -> None:
    kept = Fetched(published)
    await kept.get()
    time.seconds += 3_601
    assert await asyncio.gather(*(kept.get() for _ in range(5))) == [2] * 5


async def test_while_the_provider_is_down_what_it_said_today_holds(time: Moved, published: Published) -> None:
    kept = Fetched(published)
    await kept.get()
    published.failure = ProviderDown("no answer")
    time.seconds += 80_000
    assert await kept.get() == 1
    time.seconds += 10_000
    with pytest.raises(ProviderDown):
        await kept.get()


async def test_a_provider_that_says_something_wrong_is_not_covered_by_what_it_said(
    time: Moved, published: Published
) -> None:
    kept = Fetched(published)
    await kept.get()
    published.failure = ProviderMistaken("another issuer")
    time.seconds += 3_601
    with pytest.raises(ProviderMistaken):
        await kept.get()


async def test_those_who_wait_for_a_provider_that_is_down_do_not_wait_in_turn(
    time: Moved, published: Published
) -> None:
    published.failure = ProviderDown("no answer")
    kept = Fetched(published)
    answers = await asyncio.gather(*(kept.get() for _ in range(20)), return_exceptions=True)
    assert all(isinstance(answer, ProviderDown) for answer in answers)
    assert published.asked == 1
    published.failure = None
    time.seconds += 3
    assert await kept.get() == 2


async def test_a_doubt_makes_it_be_asked_for_anew_but_not_over_and_over(time: Moved, published: Published) -> None:
    kept = Fetched(published)
    await kept.get()
    assert await kept.again() == 2
    assert [await kept.again() for _ in range(10)] == [2] * 10
    time.seconds += 31
    assert await kept.again() == 3
