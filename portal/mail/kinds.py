"""Which letters there are, and how a change names those that go with it."""

import string
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.record.job import Job, Jobs
from portal.record.models import ContactPoint, Record, System

TASK = "mail"

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class MailKind(StrEnum):
    """What a letter says."""

    LOGIN_LINKED = "login_linked"  # there is one more way to log in
    LOGIN_UNLINKED = "login_unlinked"  # there is one less
    LOGIN_REFUSED = "login_refused"  # somebody tried to get in with another login
    ADDRESS_CHANGED = "address_changed"  # the address that it goes to leads to this customer no more
    INVITATION = "invitation"  # a code that makes a login this customer's

    @property
    def warns(self) -> bool:
        """Whether it goes to where the customer could be reached before the change, so that whoever made the change
        cannot keep it from them by taking the address away a moment later."""
        return self is not MailKind.INVITATION


def mails(kind: MailKind, *, provider: str = "", also: str | None = None) -> Jobs:
    """A letter to each e-mail address of the record, and to what the providers of its logins vouch for, for
    `Intention.jobs`.

    Args:
        provider: the name of an identity provider in the settings.
        also: one more address, such as that of a login which the change removes.
    """

    def jobs(record: Record) -> Iterable[Job]:
        points = addresses(record)
        for point in points:
            yield Job(TASK, {"kind": kind.value, "provider": provider, "point": str(point.id)})
        for login in record.logins:
            yield Job(TASK, {"kind": kind.value, "provider": provider, "login": str(login.id)})
        if also and mailbox(also) not in {mailbox(point.value) for point in points}:
            yield Job(TASK, {"kind": kind.value, "provider": provider}, {"address": also})

    return jobs


def address_mail(id: UUID, *, becomes: str | None) -> Jobs:
    """The letter to an e-mail address that a contact point has no more, where it `becomes` another one, or none."""

    def jobs(record: Record) -> Iterable[Job]:
        for point in record.contact_points:
            other = becomes is None or mailbox(becomes) != mailbox(point.value)
            if point.id == id and point.system is System.EMAIL and other:
                yield Job(TASK, {"kind": MailKind.ADDRESS_CHANGED.value, "point": str(id)})

    return jobs


def invitation_mail(code: str, expires_at: datetime, *, to: tuple[UUID, str] | None = None) -> Jobs:
    """The letter with the code of an invitation, to one e-mail address: that of a contact point while it says the same
    as here, or the first. It is never sent to another one that the contact point comes to have."""

    def jobs(record: Record) -> Iterable[Job]:
        points = addresses(record)[:1] if to is None else [p for p in record.contact_points if (p.id, p.value) == to]
        for point in points:
            args = {"kind": MailKind.INVITATION.value, "point": str(point.id), "expires_at": expires_at.isoformat()}
            yield Job(TASK, args, {"code": code, "address": point.value})

    return jobs


def addresses(record: Record) -> list[ContactPoint]:
    """The e-mail addresses of a record, each once, the preferred one first."""
    found: dict[str, ContactPoint] = {}
    for point in sorted(record.contact_points, key=lambda point: point.rank):
        if point.system is System.EMAIL:
            found.setdefault(mailbox(point.value), point)
    return list(found.values())


def mailbox(address: str) -> str:
    """The same for addresses that one letter is enough for: those that differ in the case of the letters A to Z alone.

    What else looks alike may be somebody else's mailbox (`ß` and `ss`, `fi` as one character), whose letter must not
    stand for the customer's. Of other ways to write one mailbox each gets its letter, which does no harm.
    """
    return address.translate(_LOWER)
