"""A clock that stands still at the moment of which the tokens speak."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from portal import clock
from portal.clock import Clock
from tests.unit.identity.signing import NOW


class Stopped(Clock):
    def now(self) -> datetime:
        return datetime.fromtimestamp(NOW, UTC)


@pytest.fixture
def stopped_clock() -> Iterator[None]:
    """It is when the tokens of `signing` were made."""
    with clock.replaced(Stopped()):
        yield
