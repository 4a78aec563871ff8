"""Who of the staff has come, and what they may do, which the provider says anew at each login."""

from collections.abc import Mapping

from portal import clock
from portal.db.database import Database
from portal.identity import claims
from portal.identity.flow import Arrival
from portal.identity.lifecycle import Who
from portal.identity.session import Audience
from portal.settings import StaffRole

# Sessions that were begun in other roles end with the login that tells us of the new ones (staff_changed_v1).
KNOWN = """
INSERT INTO portal.staff AS s (id, issuer, subject, name, email, roles)
VALUES (%(id)s, %(issuer)s, %(subject)s, %(name)s, %(email)s, %(roles)s)
ON CONFLICT (issuer, subject) DO UPDATE SET
    name = excluded.name, email = excluded.email, roles = excluded.roles, last_login_at = clock_timestamp()
RETURNING s.id
"""

WITHDRAWN = "UPDATE portal.staff SET roles = '{}' WHERE issuer = %(issuer)s AND subject = %(subject)s"


async def recognise(database: Database, arrival: Arrival, claim: str, mapping: Mapping[str, StaffRole]) -> Who | None:
    """The member of staff; None if the provider gives them no role here.

    Args:
        claim: names the claim with the roles, or the way to it.
        mapping: which of its values stand for which role; others mean nothing.
    """
    given = claims.texts(claims.find(arrival.claims, claim))
    roles = frozenset(role for value, role in mapping.items() if value in given)
    person = {"issuer": arrival.issuer, "subject": arrival.subject}
    if not roles:
        await database.fetch_all(WITHDRAWN, person)
        return None
    name = claims.display_name(arrival.claims, arrival.subject)
    email = claims.text(arrival.claims.get("email"))
    stored = sorted(role.value for role in roles)
    row = await database.fetch_one(KNOWN, person | {"id": clock.uuid7(), "name": name, "email": email, "roles": stored})
    assert row is not None
    language = claims.text(arrival.claims.get("locale"))
    return Who(Audience.STAFF, name, language, staff_id=row["id"], roles=roles)
