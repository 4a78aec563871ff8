"""Invitations: whoever has the code may connect one account with one customer's record, once, while it lasts.

An invitation is a row and two changes of the record. `login:invited` makes it: the row alone is worth nothing. One more
change ends it, `login:linked` or `login:uninvited`; both carry the request id that the row names, and a record takes a
request once, so that of two who are at it at the same moment one wins, and no statement but the write has to know.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from portal import clock
from portal.audit.entry import Actor, Evidence
from portal.audit.values import Value, format_moment
from portal.db.database import Database, Row
from portal.errors import Conflict
from portal.i18n import gettext as _
from portal.identity import codes
from portal.identity.accounts import Account
from portal.identity.links import NotLinked, link, linked
from portal.identity.login_changes import customer, login_change
from portal.mail import invitation_mail
from portal.record.change import Changed, Duplicate, Intention, Outcome, change
from portal.record.models import Record
from portal.record.store import RecordStore

COOKIE = "portal_invitation"
"""Carries the code from the page on which it was said to the login that follows."""

LASTS = timedelta(days=7)
LONGEST = timedelta(days=30)

KEEP = """
INSERT INTO portal.invitation (customer_id, id, closing, code_hash, logins, made_by, sent_to, expires_at)
SELECT %(customer)s, %(id)s, %(closing)s, %(code_hash)s,
    ARRAY(SELECT l.id FROM portal.login l WHERE l.customer_id = %(customer)s),
    %(made_by)s, %(sent_to)s, clock_timestamp() + %(lasts)s
ON CONFLICT (customer_id, id) DO NOTHING
RETURNING expires_at
"""

BY_CODE = "SELECT * FROM portal.open_invitation WHERE code_hash = %s"
BY_ID = "SELECT * FROM portal.open_invitation WHERE customer_id = %s AND id = %s"
OF_CUSTOMER = "SELECT * FROM portal.open_invitation WHERE customer_id = %s"


@dataclass(frozen=True, slots=True)
class Invitation:
    """One that can still be used. `closing` is the request id of the change that ends it; `logins` are those that the
    record had when it was made."""

    customer_id: UUID
    id: UUID
    closing: UUID
    logins: frozenset[UUID]
    made_by: str
    sent_to: str | None
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """The only moment at which the code is known."""

    code: str
    expires_at: datetime


async def invite(
    store: RecordStore,
    customer_id: UUID,
    actor: Actor,
    request: UUID,
    evidence: Evidence,
    *,
    made_by: str,
    lasts: timedelta = LASTS,
    send_to: tuple[UUID, str] | None = None,
) -> NewInvitation:
    """Make an invitation; it replaces the one that the customer may have.

    Args:
        made_by: the name to tell agents.
        send_to: the contact point that the code goes to by mail, and its address.

    Raises:
        Conflict: this request made one already, whose code has been shown; or the contact point says something else.
        NotFound: there is no such record.
    """
    code = codes.new()
    kept = await store.database.fetch_one(
        KEEP,
        {
            "customer": customer_id,
            "id": request,
            "closing": clock.uuid7(),
            "code_hash": codes.digest(code),
            "made_by": made_by,
            "sent_to": send_to[1] if send_to else None,
            "lasts": lasts,
        },
    )
    if kept is None:
        raise Conflict(
            _("This invitation was made a moment ago, and its code was shown then."), hint=_("Make a new one.")
        )
    made = NewInvitation(code, kept["expires_at"])
    jobs = invitation_mail(code, made.expires_at, to=send_to) if send_to else None
    facts = {**evidence.facts, "expires_at": format_moment(made.expires_at)}
    personal = {**evidence.personal, **({"sent_to": send_to[1]} if send_to else {})}
    intention = Intention("login:invited", actor, request, evidence=Evidence(facts, personal), notable=True, jobs=jobs)

    def unchanged(record: Record) -> Mapping[str, Value]:
        if send_to is not None and send_to not in [(point.id, point.value) for point in record.contact_points]:
            raise Conflict(
                _("This address was changed or removed a moment ago. No invitation was made."),
                hint=_("Look at the addresses again before you choose one."),
            )
        return {}

    await change(store, customer_id, intention, unchanged)
    return made


async def uninvite(store: RecordStore, invitation: Invitation, actor: Actor, evidence: Evidence) -> bool:
    """End an invitation unused; False if somebody has just used it."""
    intention = Intention("login:uninvited", actor, invitation.closing, evidence=evidence, notable=True)
    return isinstance(await change(store, invitation.customer_id, intention, {}), Changed)


async def accept(
    store: RecordStore, invitation: Invitation, account: Account, number: str | None, personal: Mapping[str, str]
) -> Outcome:
    """Let an account open the record that an invitation is for, and end the invitation by that.

    Args:
        number: the customer number that a provider gives on whose word one can rely; it has to be the record's.

    Raises:
        NotLinked: the invitation has ended, the record was linked in another way, or the account is another's.
    """

    def allowed(record: Record) -> None:
        if any(login.id not in invitation.logins for login in record.logins):
            raise NotLinked("linked meanwhile")
        if number is not None and number != record.number:
            raise NotLinked("the provider names another customer")

    intention = login_change(
        "login:linked", customer(invitation.customer_id), invitation.closing, "invitation", account, personal
    )
    outcome = await link(store, invitation.customer_id, intention, account, allowed)
    if isinstance(outcome, Duplicate) and not linked(outcome.stored.record, account):
        raise NotLinked("the invitation has ended")
    return outcome


async def with_hash(database: Database, code_hash: bytes) -> Invitation | None:
    """The invitation whose code has this hash, if it can be used."""
    return _invitation(await database.fetch_one(BY_CODE, [code_hash], retry=True))


async def with_id(database: Database, customer_id: UUID, id: UUID) -> Invitation | None:
    """An invitation, if it can be used still."""
    return _invitation(await database.fetch_one(BY_ID, [customer_id, id], retry=True))


async def of_customer(database: Database, customer_id: UUID) -> Invitation | None:
    """The invitation that a customer has and did not use yet."""
    return _invitation(await database.fetch_one(OF_CUSTOMER, [customer_id], retry=True))


def link_to(origin: str, code: str) -> str:
    """The address that carries a code. What stands after the # is never sent to a server, so no log has it."""
    return f"{origin}/invitation#{code}"


def _invitation(row: Row | None) -> Invitation | None:
    if row is None:
        return None
    row.pop("code_hash")
    return Invitation(logins=frozenset(row.pop("logins")), **row)
