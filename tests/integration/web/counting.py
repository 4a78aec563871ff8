"""What a request costs, in counts that are the same on every machine."""

import sys
from collections.abc import Coroutine, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import psycopg
import pytest
from starlette.applications import Starlette

from portal.web.templates import Templates

WARM = 8
"""The driver prepares a statement when it meets it for the sixth time on a connection, and needs a trip for that."""


@dataclass
class Counted:
    """The statements that were run, and how often the server was waited for."""

    statements: list[str] = field(default_factory=list)
    round_trips: int = 0


@contextmanager
def counting() -> Iterator[Counted]:
    """Count, within the block, what all pools of this process ask of PostgreSQL."""
    counted = Counted()
    execute, wait = psycopg.AsyncCursor.execute, psycopg.AsyncConnection.wait

    async def executing(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        counted.statements.append(str(query))
        return await execute(self, query, *args, **kwargs)

    async def waiting(self: Any, generator: Any, *args: Any, **kwargs: Any) -> Any:
        return await wait(self, _noticed(generator, counted), *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.AsyncCursor, "execute", executing)
        patch.setattr(psycopg.AsyncConnection, "wait", waiting)
        yield counted


def _noticed(generator: Generator[Any, Any, Any], counted: Counted) -> Generator[Any, Any, Any]:
    """The driver's own steps; those that end without having to wait, such as a commit of nothing, are no trip."""
    try:
        wanted = next(generator)
        counted.round_trips += 1
        while True:
            wanted = generator.send((yield wanted))
    except StopIteration as end:
        return end.value


@contextmanager
def counting_calls() -> Iterator[list[int]]:
    """How many calls of functions written in Python each page is drawn with that is drawn within the block."""
    counts: list[int] = []
    render = Templates.render

    def counted(self: Templates, name: str, context: Mapping[str, Any]) -> str:
        calls = 0

        def look(_frame: FrameType, event: str, _argument: object) -> None:
            nonlocal calls
            calls += event == "call"

        before = sys.getprofile()
        sys.setprofile(look)
        try:
            return render(self, name, context)
        finally:
            sys.setprofile(before)
            counts.append(calls)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Templates, "render", counted)
        yield counts


@contextmanager
def counting_all_calls() -> Iterator[list[int]]:
    """The same of each whole request, from the first middleware to the answer, without what others do meanwhile."""
    counts: list[int] = []
    answer = Starlette.__call__

    async def counted(self: Starlette, *asgi: Any) -> None:
        steps = _Steps(answer(self, *asgi))
        await steps
        counts.append(steps.calls)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Starlette, "__call__", counted)
        yield counts


class _Steps:
    """A coroutine whose calls are counted, and not those of the loop while it waits."""

    def __init__(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self.coroutine = coroutine
        self.calls = 0

    def __await__(self) -> Generator[Any, Any, None]:
        while True:
            before = sys.getprofile()
            sys.setprofile(self._look)
            try:
                awaited = self.coroutine.send(None)
            except StopIteration:
                return
            finally:
                sys.setprofile(before)
            yield awaited

    def _look(self, _frame: FrameType, event: str, _argument: object) -> None:
        self.calls += event == "call"
