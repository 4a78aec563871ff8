"""Connecting an account because its owner said so: with an invitation, or from inside their record."""

from collections.abc import Mapping
from uuid import UUID

from portal import clock
from portal.i18n import gettext as _
from portal.identity import invitations
from portal.identity.arrivals import Waiting
from portal.identity.links import NotLinked, link
from portal.identity.login_changes import PORTAL, customer, login_change, note_refused
from portal.record.models import Record
from portal.record.store import RecordStore


async def connect(store: RecordStore, waiting: Waiting, personal: Mapping[str, str]) -> None:
    """Let the account open the record. A refusal is written into the record's chain, once for each account.

    Raises:
        NotLinked: it may not; the words are the same whatever the reason.
    """
    try:
        await (_with_invitation if waiting.invitation else _second)(store, waiting, personal)
    except NotLinked as refusal:
        await _note(store, waiting, personal, refusal.why)
        raise NotLinked(refusal.why, *_words(waiting)) from None


async def _with_invitation(store: RecordStore, waiting: Waiting, personal: Mapping[str, str]) -> None:
    assert waiting.invitation is not None
    invitation = await invitations.with_id(store.database, waiting.customer_id, waiting.invitation)
    if invitation is None:
        raise NotLinked("the invitation has ended")
    await invitations.accept(store, invitation, waiting.account, waiting.number, personal)


async def _second(store: RecordStore, waiting: Waiting, personal: Mapping[str, str]) -> None:
    def allowed(record: Record) -> None:
        if waiting.number not in (None, record.number):
            raise NotLinked("the provider names another customer")

    actor, request = customer(waiting.customer_id), clock.uuid7()
    intention = login_change("login:linked", actor, request, "second_login", waiting.account, personal)
    await link(store, waiting.customer_id, intention, waiting.account, allowed)


async def _note(store: RecordStore, waiting: Waiting, personal: Mapping[str, str], why: str) -> None:
    once: UUID | None = waiting.invitation or waiting.session
    assert once is not None
    invited = waiting.invitation is not None
    actor = PORTAL if invited else customer(waiting.customer_id)
    basis = "invitation" if invited else "second_login"
    await note_refused(store, waiting.customer_id, actor, basis, waiting.account, personal, once=once, why=why)


def _words(waiting: Waiting) -> tuple[str, str]:
    """Never whose the account is, nor why an invitation is good no more."""
    if waiting.invitation:
        return (
            _("The account was not connected: the invitation has ended, or the account cannot be used for it."),
            _("Nothing was changed. Customer care can make you a new invitation."),
        )
    return (
        _("This account cannot be connected to your record."),
        _("Nothing was changed. If it should be possible, please ask customer care."),
    )
