"""Tying an account at a provider to a record, and untying it: changes of the record like any other.

Customers may not write their own logins: the statements run as staff, whoever the actor is.
"""

from collections.abc import Callable
from uuid import UUID

import psycopg

from portal import clock
from portal.audit.values import Value
from portal.db.database import Database
from portal.errors import NotFound, PortalError
from portal.i18n import gettext as _
from portal.identity.accounts import Account
from portal.record.change import Intention, Outcome, change
from portal.record.models import Login, Record, attributes
from portal.record.store import RecordStore

REMEMBER = """
INSERT INTO portal.login_account AS a (customer_id, login_id, provider, account, verified_email)
SELECT l.customer_id, l.id, %(provider)s, %(name)s, %(email)s FROM portal.login l
WHERE l.issuer = %(issuer)s AND l.subject = %(subject)s
ON CONFLICT (customer_id, login_id) DO NOTHING
"""


class NotLinked(PortalError):
    """An account was not tied to a record; `why` is for the log and for change records."""

    status = 403

    def __init__(self, why: str, message: str | None = None, hint: str | None = None) -> None:
        super().__init__(message or _("This account cannot be connected."), hint=hint)
        self.why = why


async def link(
    store: RecordStore,
    customer_id: UUID,
    intention: Intention,
    account: Account,
    allowed: Callable[[Record], None] = lambda record: None,
) -> Outcome:
    """Let an account open a record. If it does already, nothing is written.

    Args:
        allowed: looks at the very version of the record on which the link is written, and raises NotLinked.

    Raises:
        NotLinked: the account opens another record, or `allowed` says no.
        NotFound: there is no such record.
    """

    def proposal(record: Record) -> dict[str, Value]:
        if linked(record, account):
            return {}
        allowed(record)
        login = clock.uuid7()
        return {f"logins/{login}/issuer": account.issuer, f"logins/{login}/subject": account.subject}

    try:
        outcome = await change(store, customer_id, intention, proposal)
    except psycopg.errors.UniqueViolation:
        raise NotLinked("taken") from None
    await remember(store.database, account)
    return outcome


def linked(record: Record, account: Account) -> Login | None:
    """The login that this account is, if it opens this record."""
    return next((x for x in record.logins if (x.issuer, x.subject) == (account.issuer, account.subject)), None)


async def remember(database: Database, account: Account) -> None:
    """Keep what the provider says of an account that has just been linked."""
    await database.fetch_all(
        REMEMBER,
        {
            "provider": account.provider,
            "name": account.name,
            "email": account.verified_email,
            "issuer": account.issuer,
            "subject": account.subject,
        },
        retry=True,
    )


async def unlink(
    store: RecordStore, customer_id: UUID, intention: Intention, login: UUID, *, may_be_last: bool = False
) -> Outcome:
    """Let a login open a record no more; its sessions end in the same commit.

    Raises:
        NotFound: the record has no such login.
        NotLinked: it is the last one, without which the customer could not come in.
    """

    def proposal(record: Record) -> dict[str, Value]:
        if all(known.id != login for known in record.logins):
            raise NotFound(_("There is no such way to log in. It may have been removed."))
        if len(record.logins) == 1 and not may_be_last:
            raise NotLinked("last", _("This is the only way into the record. Add another one first."))
        return {f"logins/{login}/{name}": None for name in attributes(Login)}

    return await change(store, customer_id, intention, proposal)
