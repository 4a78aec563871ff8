"""E-mail addresses that a customer changed only a few days ago: whoever came in as the customer may have put them
there, so that agents see it before they send a code there, or take one for who the customer is."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from portal import clock
from portal.db.database import Database
from portal.formats import format_date
from portal.i18n import gettext as _
from portal.record.models import ContactPoint

LATELY = timedelta(days=7)

CHANGED = """
SELECT split_part(path, '/', 2)::uuid AS point, max(r.at) AS at
FROM portal.change_record r, unnest(r.paths) AS path
WHERE r.customer_id = %s AND r.actor_kind = 'customer' AND r.at > %s AND path LIKE 'contact_points/%%/value'
GROUP BY 1
"""


async def changed_lately(database: Database, customer_id: UUID) -> Mapping[UUID, datetime]:
    """When the customer last changed what contact points say, for those where that was in the last 7 days."""
    rows = await database.fetch_all(CHANGED, [customer_id, clock.now() - LATELY], retry=True)
    return {row["point"]: row["at"] for row in rows}


def marked(point: ContactPoint, lately: Mapping[UUID, datetime]) -> str:
    """The address, with a word about its change if that is not long ago."""
    if point.id not in lately:
        return point.value
    said = {"address": point.value, "day": format_date(lately[point.id])}
    return _("%(address)s (changed by the customer on %(day)s)") % said
