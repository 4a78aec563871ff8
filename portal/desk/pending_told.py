"""An account that waits, in words: what its provider says, and how that compares with a customer's record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.desk.changed_addresses import marked
from portal.i18n import gettext as _
from portal.identity import mailboxes
from portal.identity.pending import PendingLogin
from portal.record.models import Record, System


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to know of one."""

    id: UUID
    provider: str
    name: str
    email: str | None
    email_verified: bool
    claimed_number: str | None
    customer_id: UUID | None
    tries: int
    first_seen_at: datetime
    last_seen_at: datetime
    refused_at: datetime | None
    refused_by: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing that both sides say something about; `same` is None where one of them does not."""

    label: str
    provider: str
    record: str
    same: bool | None


def told(waiting: PendingLogin, label_of: Callable[[str], str]) -> Told:
    """In the words of the page."""
    return Told(
        waiting.id, label_of(waiting.account.provider), waiting.account.name, waiting.account.email,
        waiting.account.email_verified, waiting.claimed_number, waiting.customer_id, waiting.tries,
        waiting.first_seen_at, waiting.last_seen_at, waiting.refused_at, waiting.refused_by,
    )  # fmt: skip


def comparisons(waiting: PendingLogin, record: Record, lately: Mapping[UUID, datetime]) -> list[Comparison]:
    """Name, e-mail address and number, as the provider says them and as they are in the record; addresses that the
    customer changed `lately` are marked."""
    account = waiting.account
    points = [point for point in record.contact_points if point.system is System.EMAIL]
    asked = mailboxes.key(account.email) if account.email else None
    same_mailbox = asked in [mailboxes.key(point.value) for point in points] if asked and points else None
    email = account.email or ""
    if email and not account.email_verified:
        email += f" ({_('not verified')})"
    number = waiting.claimed_number
    return [
        Comparison(_("Name"), account.name, record.name, account.name.casefold() == record.name.casefold()),
        Comparison(_("E-mail address"), email, ", ".join(marked(p, lately) for p in points), same_mailbox),
        Comparison(
            _("Customer number"), number or "", record.number, None if number is None else number == record.number
        ),
    ]
