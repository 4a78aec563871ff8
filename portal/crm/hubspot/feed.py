"""Who was modified in HubSpot lately, from its search.

https://developers.hubspot.com/docs/api-reference/search/guide: at most 200 results a page and 10,000 a query, five
calls a second, and what was just written takes a moment to be found. So the search is asked anew from the last moment
that was seen, not paged through; what was told of that very moment is left out; and the last seconds wait for the next
time.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from portal import clock
from portal.crm.http import Http
from portal.crm.hubspot.api import properties, read_rows
from portal.crm.port import Cursor

PAGE = 200
MODIFIED = "lastmodifieddate"
SETTLES = timedelta(seconds=15)


class Feed:
    """The search for contacts that are some customer's."""

    def __init__(self, http: Http, names: Sequence[str], id_property: str) -> None:
        self._http, self._names, self._id = http, list(names), id_property
        self.settles = SETTLES

    async def read(self, cursor: Cursor | None) -> tuple[list[Mapping[str, Any]], Cursor]:
        """The contacts that were modified since a cursor, a page of them, and the next cursor."""
        since, known = _read_cursor(cursor)
        until = int((clock.now() - self.settles).timestamp() * 1000)
        after = None
        while True:
            page, after = await self._search(since, until, after)
            fresh = [row for row in page if str(row["id"]) not in known or _modified(row) > since]
            if fresh or not after:
                break
        if not fresh:
            return [], cursor or _cursor(since, known)
        last = _modified(fresh[-1])
        at_last = {str(row["id"]) for row in fresh if _modified(row) == last}
        return fresh, _cursor(last, at_last | (known if last == since else set()))

    async def _search(self, since: int, until: int, after: str | None) -> tuple[list[Mapping[str, Any]], str | None]:
        filters = [
            {"propertyName": self._id, "operator": "HAS_PROPERTY"},
            {"propertyName": MODIFIED, "operator": "BETWEEN", "value": str(since), "highValue": str(until)},
        ]
        body: dict[str, Any] = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": MODIFIED, "direction": "ASCENDING"}],
            "properties": [*self._names, MODIFIED],
            "limit": PAGE,
        }
        if until < since:
            return [], None
        answer = await self._http.read(
            "POST", "/crm/v3/objects/contacts/search", body=body | ({"after": after} if after else {})
        )
        paging = answer.body.get("paging") if isinstance(answer.body, dict) else None
        following = paging.get("next") if isinstance(paging, dict) else None
        return read_rows(answer), str(following["after"]) if isinstance(
            following, dict
        ) and "after" in following else None


def _modified(row: Mapping[str, Any]) -> int:
    """When, in milliseconds since 1970."""
    moment = datetime.fromisoformat(str(properties(row).get(MODIFIED)))
    return int(moment.astimezone(UTC).timestamp() * 1000 + 0.5)


def _cursor(since: int, known: set[str]) -> Cursor:
    return json.dumps([since, sorted(known)])


def _read_cursor(cursor: Cursor | None) -> tuple[int, set[str]]:
    if not cursor:
        return 0, set()
    since, known = json.loads(cursor)
    return int(since), set(known)
