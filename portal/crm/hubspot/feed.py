"""Who was modified in HubSpot lately, from its search.

https://developers.hubspot.com/docs/api-reference/search/guide: at most 200 results a page and 10,000 a query, five
calls a second, and what was just written takes a moment to be found.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.crm.http import Http
from portal.crm.hubspot.api import next_page, properties, read_rows
from portal.crm.since import Row, Since

PAGE = 200
MODIFIED = "lastmodifieddate"
SETTLES = timedelta(seconds=15)


def feed(http: Http, names: Sequence[str], id_property: str) -> Since:
    """The contacts that are some customer's."""

    async def search(since: int, until: int, position: str | None) -> tuple[list[Row], str | None]:
        filters = [
            {"propertyName": id_property, "operator": "HAS_PROPERTY"},
            {"propertyName": MODIFIED, "operator": "BETWEEN", "value": str(since), "highValue": str(until)},
        ]
        body: dict[str, Any] = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": MODIFIED, "direction": "ASCENDING"}],
            "properties": [*names, MODIFIED],
            "limit": PAGE,
        }
        body |= {"after": position} if position else {}
        answer = await http.read("POST", "/crm/v3/objects/contacts/search", body=body)
        return read_rows(answer), next_page(answer)

    return Since(search, lambda row: str(row["id"]), _modified, SETTLES)


def _modified(row: Row) -> int:
    moment = datetime.fromisoformat(str(properties(row).get(MODIFIED)))
    return int(moment.astimezone(UTC).timestamp() * 1000 + 0.5)
