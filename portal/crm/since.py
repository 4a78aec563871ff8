"""Following what was modified last, where a CRM can only be asked for what was modified since a moment.

Moments are coarser than edits, so the same moment is asked for again, and what was told of it is left out. That is safe
only for moments that are over: the last ones wait for the next time, and so do edits that the CRM's index has not seen.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, TypeAlias

from portal import clock
from portal.crm.port import Cursor, CursorExpired

Row: TypeAlias = Mapping[str, Any]
Search: TypeAlias = Callable[[int, int, str | None], Awaitable[tuple[list[Row], str | None]]]
"""The rows that were modified from one moment to another, oldest first, from a position (None is the first); and the
position of the next page, None if there is none. Moments are milliseconds since 1970."""


class Since:
    """One feed. `id` and `modified` say what a row's id and moment are; `settles`, how long until a moment is over."""

    def __init__(
        self, search: Search, id: Callable[[Row], str], modified: Callable[[Row], int], settles: timedelta
    ) -> None:
        self._search, self._id, self._modified = search, id, modified
        self.settles = settles

    async def read(self, cursor: Cursor | None) -> tuple[list[Row], Cursor]:
        """What was modified since a cursor, a page of it, and the next cursor.

        Raises:
            CursorExpired: the cursor says nothing here, as after a change of the kind of CRM.
        """
        since, known = _read_cursor(cursor)
        until = int((clock.now() - self.settles).timestamp() * 1000)
        fresh, position = list[Row](), None
        while not fresh and until >= since:
            page, position = await self._search(since, until, position)
            fresh = [row for row in page if self._modified(row) > since or self._id(row) not in known]
            if position is None:
                break
        if not fresh:
            return [], cursor or _cursor(since, known)
        last = self._modified(fresh[-1])
        at_last = {self._id(row) for row in fresh if self._modified(row) == last}
        return fresh, _cursor(last, at_last | (known if last == since else set()))


def _cursor(since: int, known: set[str]) -> Cursor:
    return json.dumps([since, sorted(known)])


def _read_cursor(cursor: Cursor | None) -> tuple[int, set[str]]:
    if not cursor:
        return 0, set()
    try:
        since, known = json.loads(cursor)
        return int(since), set(known)
    except (ValueError, TypeError):
        raise CursorExpired("the cursor is none of this feed's") from None
