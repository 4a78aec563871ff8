"""Who was modified in Salesforce lately: contacts by SystemModstamp and id, from where the last look ended.

The last seconds wait for the next time: what is written in one transaction becomes visible only at its end.
https://developer.salesforce.com/docs/platform/api-rest/guide/resources-queryall.html
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from portal import clock
from portal.crm.answers import CallFailed
from portal.crm.http import Http
from portal.crm.port import Cursor, CursorExpired, Retry
from portal.crm.said import Own
from portal.crm.salesforce.api import DATA, RECORD_ID, moment, quoted

PAGE = 500
SETTLES = timedelta(seconds=20)
FIRST_ID = "0" * 15
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


CURSOR = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def _read_cursor(cursor: Cursor | None) -> tuple[str, str]:
    """Where the last look ended: both become part of a query, so both are looked at."""
    if not cursor:
        return moment(BEGINNING), FIRST_ID
    try:
        since, after = json.loads(cursor)
        if CURSOR.fullmatch(since) and RECORD_ID.fullmatch(after):
            return since, after
    except (ValueError, TypeError):
        pass
    raise CursorExpired("the cursor is none of this feed's")


class Feed:
    """The contacts that are some customer's."""

    def __init__(self, http: Http, names: Sequence[str], id_field: str) -> None:
        self._http, self._id = http, id_field
        self._names = [*names, "SystemModstamp", "IsDeleted"]
        self.settles = SETTLES

    async def read(self, cursor: Cursor | None) -> tuple[list[Mapping[str, Any]], Cursor]:
        """The contacts that were modified since a cursor, a page of them, and the next cursor.

        Raises:
            CursorExpired: the cursor says nothing here, as after a change of the kind of CRM.
        """
        since, after = _read_cursor(cursor)
        until = moment(clock.now() - self.settles)
        later = f"(SystemModstamp > {since} OR (SystemModstamp = {since} AND Id > {quoted([after])}))"
        query = (
            f"SELECT {', '.join(self._names)} FROM Contact WHERE {self._id} != null AND {later}"  # noqa: S608 - quoted
            f" AND SystemModstamp <= {until} ORDER BY SystemModstamp, Id LIMIT {PAGE}"
        )
        answer = await self._http.read("GET", f"{DATA}/queryAll", params={"q": query})
        found = answer.body.get("records") if isinstance(answer.body, dict) else None
        if not isinstance(found, list):
            raise CallFailed(Retry(Own.NO_LIST_FOUND), answer)
        if not found:
            return [], cursor or json.dumps([since, after])
        last = datetime.fromisoformat(str(found[-1]["SystemModstamp"]))
        return found, json.dumps([moment(last), found[-1]["Id"]])
