"""Who was modified in Odoo lately, by write_date, which is told in whole seconds of UTC."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.crm.odoo.api import ID, PARTNER
from portal.crm.odoo.rpc import Rpc, unclear
from portal.crm.since import Row, Since

PAGE = 500
SETTLES = timedelta(seconds=10)
FORM = "%Y-%m-%d %H:%M:%S"


def feed(rpc: Rpc, names: Sequence[str], context: Mapping[str, Any]) -> Since:
    """The partners that are some customer's."""

    async def search(since: int, until: int, position: str | None) -> tuple[list[Row], str | None]:
        first, offset = _shown(since), int(position or 0)
        # To the end of a second that is over: what Odoo keeps is finer than what it tells.
        domain = [[ID, "!=", False], ["write_date", ">=", first], ["write_date", "<", _shown(until)]]
        found = await rpc.call(
            PARTNER,
            "search_read",
            domain=domain,
            fields=[*names, "write_date"],
            order="write_date, id",
            limit=PAGE,
            offset=offset,
            context=dict(context),
        )
        if not isinstance(found, list):
            raise unclear(None, writes=False)
        return found, str(offset + PAGE) if len(found) == PAGE else None

    return Since(search, lambda row: str(row["id"]), _modified, SETTLES)


def _shown(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime(FORM)


def _modified(row: Row) -> int:
    moment = datetime.strptime(str(row["write_date"])[:19], FORM).replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1000
