"""What a change about logging in did, in words. It is told from its evidence: an issuer's address says nothing to
anybody, and an invitation or a refusal changes no value at all."""

from collections.abc import Callable, Mapping
from datetime import datetime

from portal.audit.entry import Entry, Erased
from portal.catalogue.naming import Phrase
from portal.formats import format_datetime
from portal.i18n import gettext as _


def login_phrase(entry: Entry) -> Phrase | None:
    """The phrase for a change about logging in that carries the evidence for it; None for any other change."""
    tell, facts = _TOLD.get(entry.action), entry.evidence.facts
    known = entry.action == "login:uninvited" or "basis" in facts or "expires_at" in facts
    return tell(entry) if tell and known else None


def login_action_phrase(action: str) -> Phrase | None:
    """The same for who is told of the action alone."""
    way, invitation = _("Way to log in"), _("Invitation to log in")
    return {
        "login:linked": Phrase(way, None, _("connected")),
        "login:unlinked": Phrase(way, _("connected"), None),
        "login:refused": Phrase(_("Account that asked to be connected"), None, _("refused")),
        "login:invited": Phrase(invitation, None, _("made")),
        "login:uninvited": Phrase(invitation, _("open"), _("taken back")),
    }.get(action)


def basis_words(basis: str) -> str:
    """On what a decision about an account rests."""
    return {
        "invitation": _("by invitation"),
        "trusted_claim": _("by the customer number that the login service gives"),
        "verified_email": _("by an e-mail address that the login service has verified"),
        "second_login": _("by somebody who was logged in"),
        "reviewed": _("by customer care"),
        "removed": _("by somebody who was logged in"),
    }.get(basis, basis)


def _linked(entry: Entry) -> Phrase:
    return Phrase(_("Way to log in"), None, _with_basis(entry))


def _unlinked(entry: Entry) -> Phrase:
    return Phrase(_("Way to log in"), _account(entry), None)


def _refused(entry: Entry) -> Phrase:
    return Phrase(_("Account that was not connected"), None, _with_basis(entry, _("asked for %(how)s")))


def _invited(entry: Entry) -> Phrase:
    until = datetime.fromisoformat(str(entry.evidence.facts["expires_at"]))
    words = _("made, good until %(when)s") % {"when": format_datetime(until)}
    return Phrase(_("Invitation to log in"), None, words)


def _uninvited(entry: Entry) -> Phrase:
    return Phrase(_("Invitation to log in"), _("open"), _("taken back"))


def _with_basis(entry: Entry, pattern: str = "%(how)s") -> str:
    how = pattern % {"how": basis_words(str(entry.evidence.facts["basis"]))}
    return f"{_account(entry)}, {how}"


def _account(entry: Entry) -> str:
    personal: Mapping[str, object] = entry.evidence.personal
    account = personal.get("account")
    if isinstance(account, Erased):
        return _("erased")
    return str(account or _("an account"))


_TOLD: Mapping[str, Callable[[Entry], Phrase]] = {
    "login:linked": _linked,
    "login:unlinked": _unlinked,
    "login:refused": _refused,
    "login:invited": _invited,
    "login:uninvited": _uninvited,
}
